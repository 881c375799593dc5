"""Pages for suppliers, who claim badges and have products tested, and for verifiers, who check the claims."""
