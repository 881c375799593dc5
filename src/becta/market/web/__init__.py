"""Pages: templates, their view models and the assets they use."""
