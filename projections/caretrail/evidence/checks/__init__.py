"""Checks of what answers rest on beside the rows of the logs, such as the schema, indexes and stays."""
