"""The registry of blessed models."""
