"""Commands that enter data: init, demo, append, record, schema, completion."""
