"""Reference data of the catalogue, read once."""
