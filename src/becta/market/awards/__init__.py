"""Awards: which suppliers get what of a lot, and what follows from that."""
