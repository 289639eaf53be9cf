"""Commands that operate a store: projection, log, copy."""
