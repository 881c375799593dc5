"""The marketplace as a running whole."""
