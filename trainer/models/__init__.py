"""The model families and their losses."""
