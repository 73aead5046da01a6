"""Epoch metrics that a mean of batches cannot give."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

ACTIVE_VARIANCE = 0.01


class ActiveUnits(keras.metrics.Metric):
    """The number of latent dimensions that carry information: Var_x(E[z|x]) > 0.01.

    Burda et al. 2016, "Importance weighted autoencoders", section 5.2: the variance is over
    all images of the epoch, of the posterior mean. In training the weights move meanwhile.
    """

    def __init__(self, latent_dim: int, name: str = "active_units") -> None:
        super().__init__(name=name)
        self.count = self.add_variable((), "zeros", name="count")
        self.sums = self.add_variable((latent_dim,), "zeros", name="sums")
        self.squares = self.add_variable((latent_dim,), "zeros", name="squares")

    def update_state(self, z_mean: Any) -> None:
        """Adds z_mean, float32 [batch, latent_dim]."""
        z_mean = ops.cast(z_mean, self.sums.dtype)
        self.count.assign_add(ops.cast(ops.shape(z_mean)[0], self.count.dtype))
        self.sums.assign_add(ops.sum(z_mean, axis=0))
        self.squares.assign_add(ops.sum(ops.square(z_mean), axis=0))

    def result(self) -> Any:
        count = ops.maximum(self.count, 1.0)
        variance = self.squares / count - ops.square(self.sums / count)
        return ops.sum(ops.cast(variance > ACTIVE_VARIANCE, "float32"))
