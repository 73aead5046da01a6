"""Figures of a model: which codes are decoded, and how images are laid out."""
