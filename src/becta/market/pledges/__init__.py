"""Pledging together: tier curves, shares of savings, and the caps that hold what is pledged."""
