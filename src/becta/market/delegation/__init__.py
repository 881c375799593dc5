"""Who may spend how much: schemes of delegation, and the commitments they let through, hold or refuse."""
