"""Reading: questions about episodes, answered from the read models or from the log as it was known.

Import `Reader` from `caretrail.reading.reader`.
"""
