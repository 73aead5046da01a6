"""The kinds of raw data, one module each, and their registry."""
