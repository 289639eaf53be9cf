"""The tests, a folder for each room of the program, and what they share: `support`, `pages` and the folder `data`."""
