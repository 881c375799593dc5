"""Finding: plain documents in, ranked answers out. Knows nothing of the marketplace."""
