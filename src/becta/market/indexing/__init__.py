"""The search index and the listing views: projections of the database, fed by the outbox."""
