"""What is listed: products and the frozen versions of their listings."""
