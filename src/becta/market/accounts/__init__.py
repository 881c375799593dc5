"""People, the organisations they act for, their roles there, and API tokens."""
