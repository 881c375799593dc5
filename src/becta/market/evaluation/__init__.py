"""Evaluation: who scores bids and how, what they agreed, who is left out, and the ranking that anyone can repeat."""
