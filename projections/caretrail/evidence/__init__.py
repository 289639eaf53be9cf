"""Sealing: the log is signed as it grows, and held against what was signed, from its rows alone."""
