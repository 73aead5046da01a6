"""Autoencoders without a prior: deterministic, and denoising."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from trainer.config import TrainerConfig
from trainer.models.vae import VAE, network_inputs
from trainer.networks.blocks import POSTERIOR

MOMENTUM = 0.99


class Autoencoder(VAE):
    """An autoencoder whose encoder returns one z; the loss is the reconstruction NLL alone.

    There is neither KL nor ELBO. What stands in for a prior when samples are wanted is a
    Gaussian with the mean and deviation that z had in training (Ghosh et al. 2020, "From
    variational to deterministic autoencoders", section 4, with a diagonal covariance); they are
    moving averages over the batches.
    """

    heads = POSTERIOR[:1]
    metric_names = ("reconstruction_loss",)

    def __init__(self, config: TrainerConfig) -> None:
        super().__init__(config)
        shape = (config.model.latent_dim,)
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
        """Returns z_mean, logits and reconstruction_loss. There is no noise in z."""
        pixels = self.scale(images)
        return self._evaluate(pixels, pixels, condition)

    def call(self, inputs: dict[str, Any], training: bool = False) -> dict[str, Any]:
        pixels = self.scale(inputs["image"])
        result = self._evaluate(self.encoder_input(pixels), pixels, self.condition_of(inputs))
        if training:
            self._update_moments(ops.stop_gradient(result["z_mean"]))
        return result

    def encoder_input(self, pixels: Any) -> Any:
        """Returns the images that the encoder gets in training and validation."""
        return pixels

    def objective(self, y_pred: dict[str, Any], training: bool) -> Any:
        return y_pred["reconstruction_loss"]

    def metric_values(self, y_pred: dict[str, Any]) -> dict[str, Any]:
        return {"reconstruction_loss": y_pred["reconstruction_loss"]}

    def _evaluate(self, encoder_input: Any, pixels: Any, condition: Any) -> dict[str, Any]:
        z, _ = self.encode(encoder_input, condition)
        logits = self.logits(z, condition)
        return {
            "z_mean": z,
            "logits": logits,
            "reconstruction_loss": self.reconstruction_nll(pixels, logits),
        }

    def _update_moments(self, z: Any) -> None:
        """Updates the moments of z: plain averages of the first batches, moving ones after that."""
        self.batches.assign(self.batches + 1.0)
        rate = ops.maximum(1.0 / self.batches, 1.0 - MOMENTUM)
        for variable, values in ((self.z_average, z), (self.z_square, ops.square(z))):
            new = ops.mean(ops.cast(values, "float32"), axis=0)
            variable.assign(variable + rate * (new - variable))


class DenoisingAutoencoder(Autoencoder):
    """Vincent et al. 2008: the image is reconstructed from a noisy copy of it.

    Training and validation add Gaussian noise; encoding and reconstructing afterwards do not.
    """

    def encoder_input(self, pixels: Any) -> Any:
        noise = self.config.model.corruption * self.draw_noise(pixels)
        return ops.clip(pixels + noise, 0.0, 1.0)
