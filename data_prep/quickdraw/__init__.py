"""Quick Draw: the readers of its formats, Google's simplification, the rasterizers."""
