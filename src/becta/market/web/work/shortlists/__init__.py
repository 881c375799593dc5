"""Pages for shortlists: keeping candidates, comparing them, and showing afterwards why."""
