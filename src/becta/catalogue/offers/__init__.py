"""What it costs: prices, tiers and terms."""
