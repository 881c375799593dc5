"""Public pages of what is proved: a badge, verifying any Open Badge, and the result of a conformance run."""
