"""Schools and the trusts and federations they belong to, as the DfE register (GIAS) states them."""
