"""Reference data of procurement law and policy, dated, each with its source and how sure we are of it."""
