"""The write side: commands in, receipts out, and the access log."""
