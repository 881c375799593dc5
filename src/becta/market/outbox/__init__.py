"""What must follow a change, done after it: in commit order, at least once, by idempotent consumers."""
