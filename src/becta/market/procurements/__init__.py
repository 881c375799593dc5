"""Procurements: a need that schools share, from the first draft over pledges and bids to contracts."""
