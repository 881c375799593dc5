"""Badge claims: made by suppliers, decided by the operator, valid between dates."""
