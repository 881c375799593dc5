"""Remanufactured devices: what makes one worth buying, checked."""
