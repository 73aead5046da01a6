"""Synthetic data: procedural drawings and faces whose generating factors are known."""
