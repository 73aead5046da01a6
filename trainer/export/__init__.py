"""The exported models: SavedModel, ONNX, their metadata, and loading them again."""
