"""The pages of those who are signed in: money, people, tokens, and what is held about oneself."""
