"""Faults, and what must hold under them: each has a short test, and a long run by `make faults`."""
