"""The questions a reader answers, one a module."""
