"""LTI 1.3: a platform simulator that launches a tool, well and badly, and tells what the tool did."""
