"""The HTTP API under /api/v1: thin handlers that open a transaction, call one use case and shape the answer."""
