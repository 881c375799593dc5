"""Dated reference data that frameworks rest on."""
