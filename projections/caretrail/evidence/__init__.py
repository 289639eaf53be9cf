"""Evidence: checkpoints sign the log as it grows, verification compares it with them, and packets carry proofs."""
