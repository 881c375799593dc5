"""Answers to requests that must not happen twice, kept for whoever repeats the request."""
