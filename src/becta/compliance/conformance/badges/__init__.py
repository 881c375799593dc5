"""The runner for Open Badges 3.0 credentials."""
