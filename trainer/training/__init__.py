"""One training: compilation, optimizers, callbacks, checkpoints."""
