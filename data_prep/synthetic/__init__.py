"""The synthetic data: procedural drawings and faces whose generating factors are known."""
