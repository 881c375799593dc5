"""Conformance runs at work: each is done from the outbox, in a process of its own."""
