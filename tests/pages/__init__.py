"""Reference pages written from the code: each module prints one, and a test compares."""
