"""Frameworks: contracts under which schools and trusts call off from suppliers (Procurement Act 2023 ss.45 to 49)."""
