"""Figures from a finished run: samples, reconstructions, morphs, edits."""
