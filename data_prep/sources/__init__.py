"""The built-in data sources: `catalogue` declares them, the other modules read their files.

`data_prep.source_registry` holds the registry; `opening` finds the files and opens the reader.
"""
