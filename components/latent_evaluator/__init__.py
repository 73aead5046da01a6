"""Judges a trained model on held-out images and blesses it, or says why not."""
