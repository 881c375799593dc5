"""Sealed bids: encrypted on arrival, opened after the deadline by two named officers together."""
