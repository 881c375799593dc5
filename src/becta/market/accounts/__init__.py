"""Who may act: API tokens with scopes. The issue Trust adds people."""
