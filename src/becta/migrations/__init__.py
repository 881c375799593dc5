"""The schema's history: one module a step, reversible, the same on SQLite and PostgreSQL."""
