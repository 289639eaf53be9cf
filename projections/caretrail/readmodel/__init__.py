"""The read models: rows made from the log, which can always be dropped and made again.

Import what is needed from the modules: reading the rows must not load what writing them needs.
"""
