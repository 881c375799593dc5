"""Evidence: what a supplier shows for a badge claim, and how it is kept so that anybody can check it later."""
