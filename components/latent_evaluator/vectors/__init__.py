"""Attribute vectors: their estimate, their error, and what edits move along."""
