"""Files that people send: kept under their SHA-256, outside the database."""
