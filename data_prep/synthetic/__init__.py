"""Procedural drawings and faces whose generating factors are known."""
