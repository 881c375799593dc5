"""Who sells: companies, their identifiers and contacts."""
