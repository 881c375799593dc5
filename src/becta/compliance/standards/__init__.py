"""The standards a badge can name, as data."""
