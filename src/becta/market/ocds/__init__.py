"""Open contracting (OCDS 1.1): our steps published as releases, and the notices of others read."""
