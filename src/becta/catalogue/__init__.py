"""What is for sale: suppliers, products, offers and connectivity packages."""
