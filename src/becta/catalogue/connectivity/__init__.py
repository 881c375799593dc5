"""Connectivity packages: the facts a school compares broadband by."""
