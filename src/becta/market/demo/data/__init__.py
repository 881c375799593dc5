"""The demonstration's authored data."""
