"""Autoencoders without a prior: deterministic, and denoising."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from trainer.models.vae import VAE, network_inputs
from trainer.networks.blocks import POSTERIOR

MOMENTUM = 0.99


class Autoencoder(VAE):
    """The encoder gives one z, and the loss is the reconstruction NLL alone.

    So there is neither KL nor ELBO. What stands in for a prior when samples are wanted is a
    Gaussian with the mean and deviation that z had in training (Ghosh et al. 2020, "From
    variational to deterministic autoencoders", section 4, with a diagonal covariance); they are
    moving averages over the batches.
    """

    heads = POSTERIOR[:1]
    metric_names = ("reconstruction_loss",)

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        shape = (settings.model.latent_dim,)
        self.batches = self._state("batches", 0.0)
        self.z_average = self._state("z_average", 0.0, shape)
        self.z_square = self._state("z_square", 0.0, shape)

    def encode(self, pixels: Any, condition: Any = None) -> tuple[Any, None]:
        return self.encoder(network_inputs(pixels, condition)), None

    def from_prior(self, noise: Any) -> Any:
        variance = ops.maximum(self.z_square - ops.square(self.z_average), 0.0)
        return self.z_average + ops.sqrt(variance) * noise

    @property
    def decoding_weights(self) -> list[keras.Variable]:
        return [*super().decoding_weights, self.z_average, self.z_square]

    def evaluate_images(
        self, images: Any, noise: Any = None, condition: Any = None
    ) -> dict[str, Any]:
        """z_mean, logits and reconstruction_loss. There is no noise in z."""
        pixels = self.scale(images)
        return self._evaluate(pixels, pixels, condition)

    def call(self, inputs: dict[str, Any], training: bool = False) -> dict[str, Any]:
        pixels = self.scale(inputs["image"])
        result = self._evaluate(self.seen(pixels), pixels, self.condition_of(inputs))
        if training:
            self._remember(ops.stop_gradient(result["z_mean"]))
        return result

    def seen(self, pixels: Any) -> Any:
        """What the encoder sees of an image in training and validation."""
        return pixels

    def objective(self, y_pred: dict[str, Any], training: bool) -> Any:
        return y_pred["reconstruction_loss"]

    def metric_values(self, y_pred: dict[str, Any]) -> dict[str, Any]:
        return {"reconstruction_loss": y_pred["reconstruction_loss"]}

    def _evaluate(self, seen: Any, pixels: Any, condition: Any) -> dict[str, Any]:
        z, _ = self.encode(seen, condition)
        logits = self.logits(z, condition)
        return {
            "z_mean": z,
            "logits": logits,
            "reconstruction_loss": self.reconstruction_nll(pixels, logits),
        }

    def _remember(self, z: Any) -> None:
        """Plain averages of the first batches, moving ones after that."""
        self.batches.assign(self.batches + 1.0)
        rate = ops.maximum(1.0 / self.batches, 1.0 - MOMENTUM)
        for variable, values in ((self.z_average, z), (self.z_square, ops.square(z))):
            new = ops.mean(ops.cast(values, "float32"), axis=0)
            variable.assign(variable + rate * (new - variable))


class DenoisingAutoencoder(Autoencoder):
    """Vincent et al. 2008: the image is to be found again in a noisy copy of it.

    Training and validation add Gaussian noise; encoding and reconstructing afterwards do not.
    """

    def seen(self, pixels: Any) -> Any:
        noise = self.settings.model.corruption * self.draw_noise(pixels)
        return ops.clip(pixels + noise, 0.0, 1.0)
