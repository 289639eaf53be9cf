"""The terminal: screens, tables, progress, prompts, and lines of input."""
