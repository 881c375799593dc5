"""The demonstration market: invented suppliers and listings, and a generator of many more."""
