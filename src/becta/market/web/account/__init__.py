"""Signing in and out, picking an organisation, and one's account."""
