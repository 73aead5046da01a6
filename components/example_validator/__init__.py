"""Stops the run where the data does not fit its schema."""
