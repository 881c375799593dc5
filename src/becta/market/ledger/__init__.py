"""The badge ledger at work: keys, signed credentials, status lists, and what the public can see of a badge."""
