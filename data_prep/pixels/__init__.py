"""Pixels from strokes and from encoded images, and their statistics."""
