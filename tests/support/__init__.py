"""Small builders, a package's each."""
