"""What is held about people and why, a person's copy of it, and its erasure."""
