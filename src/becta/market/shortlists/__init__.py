"""Shortlists: the candidates a school or trust keeps for a purchase, and afterwards why."""
