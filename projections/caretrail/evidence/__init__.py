"""Evidence: the log is signed as it grows, verified against what was kept of it, and handed out with proofs."""
