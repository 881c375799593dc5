"""The ground floor: words every room shares. Knows no schools and no products, and does no I/O of its own."""
