"""Pushes a blessed decoder, with the vectors that its edits move along."""
