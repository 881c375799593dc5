"""Listings as buyers see them: product, offers, particulars and badges joined."""
