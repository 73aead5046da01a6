"""Writes the schema that a data set is checked against."""
