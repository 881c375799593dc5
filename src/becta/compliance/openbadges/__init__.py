"""Open Badges 3.0: issuing and verifying credentials, offline. No database, no web framework, no network."""
