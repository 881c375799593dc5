"""Advice on how to buy: which routes are lawful and sensible, the dates that follow, and the rules they rest on."""
