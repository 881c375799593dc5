"""The runners for xAPI statements: the structure that Part Two of the specification asks of every statement."""
