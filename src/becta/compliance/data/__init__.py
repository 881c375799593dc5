"""Reference data of compliance."""
