"""The write side: commands in, receipts out, and the record of who accessed what."""
