"""The ledger: a Merkle tree over the leaves of the log, what is signed of it, and what is proven by it."""
