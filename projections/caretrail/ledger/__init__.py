"""The ledger: a Merkle tree over the leaves of the log, its signed checkpoints, and proofs from it."""
