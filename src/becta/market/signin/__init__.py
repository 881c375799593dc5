"""Signing in: OpenID Connect, e-mailed links, and the sessions they start."""
