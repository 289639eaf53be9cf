"""Questions about the record itself: whether it is complete and unaltered, and what was known when."""
