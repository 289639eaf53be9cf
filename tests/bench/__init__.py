"""Measurements: side by side with the stock library, in one run, on the same databases."""
