"""The audit trail as others check it: checkpoints, proofs, the whole trail verified, and personal fields erased."""
