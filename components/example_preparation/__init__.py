"""The Beam preparation of raw files as an ExampleGen."""
