"""The variational autoencoder, and the base of every other family."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from trainer import losses
from trainer.architectures import ARCHITECTURES
from trainer.hparams import TrainerSettings
from trainer.metrics import ActiveUnits


class VAE(keras.Model):
    """Kingma & Welling 2014, "Auto-encoding variational Bayes", with beta of Higgins 2017.

    loss = reconstruction NLL + beta * KL, nats per image, averaged over the batch.

    Inputs are a mapping with `image`, uint8 [batch, height, width, channels]; dividing by
    255 is the first thing that happens to them here, on the device. Another family overrides
    `regularizer`, `call` or what else differs, and names in `features` what it needs of an
    example besides the image.

    Metrics, in training and validation:
      loss: as above.
      reconstruction_loss, kl_loss: its terms, without beta.
      elbo: -(reconstruction_loss + kl_loss). Free of beta; higher is better.
      bits_per_dim: of the ELBO, see `losses.bits_per_dim`. Lower is better.
      active_units: see `ActiveUnits`.
    """

    features: tuple[str, ...] = ()

    def __init__(self, settings: TrainerSettings) -> None:
        super().__init__(name=settings.model.family)
        config = settings.model
        self.settings = settings
        networks = ARCHITECTURES[config.architecture]
        self.encoder = networks.encoder(settings.image, config.latent_dim)
        self.decoder = networks.decoder(settings.image, config.latent_dim)
        self.noise_seed = keras.random.SeedGenerator(settings.train.seed)
        self.log_sigma = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(math.log(config.sigma)),
            trainable=config.reconstruction == "gaussian_learned",
            dtype="float32",
            name="log_sigma",
        )
        self.means = {
            name: keras.metrics.Mean(name=name)
            for name in ("reconstruction_loss", "kl_loss", "elbo", "bits_per_dim")
        }
        self.active_units = ActiveUnits(config.latent_dim)
        self.built = True  # every variable exists, so that a checkpoint can be restored now

    def scale(self, images: Any) -> Any:
        """uint8 images as float32 in [0, 1]."""
        return ops.cast(images, "float32") / 255.0

    def encode(self, pixels: Any) -> tuple[Any, Any]:
        """z_mean and z_log_var, float32 [batch, latent_dim], of float images in [0, 1]."""
        z_mean, z_log_var = self.encoder(pixels)
        return z_mean, z_log_var

    def draw_noise(self, like: Any) -> Any:
        """Standard normal noise of the shape of `like`. Its seed is saved with the weights."""
        return keras.random.normal(ops.shape(like), dtype="float32", seed=self.noise_seed)

    def decode(self, z: Any) -> Any:
        """The mean image, float32 [batch, height, width, channels] in [0, 1]."""
        return ops.sigmoid(self.decoder(z))

    def reconstruction_nll(self, pixels: Any, logits: Any) -> Any:
        """Nats per image, float32 [batch], under the configured likelihood."""
        if self.settings.model.reconstruction == "bernoulli":
            return losses.bernoulli_nll(pixels, logits)
        return losses.gaussian_nll(pixels, ops.sigmoid(logits), self.log_sigma)

    def regularizer(self, z_mean: Any, z_log_var: Any) -> Any:
        """What beta multiplies, nats per image, float32 [batch]."""
        return losses.kl_divergence(z_mean, z_log_var)

    def evaluate_images(self, images: Any, noise: Any) -> dict[str, Any]:
        """Everything about a batch of uint8 images at z = z_mean + exp(z_log_var / 2) noise.

        Returns:
          z_mean, z_log_var: float32 [batch, latent_dim]; logits: float32 of the images' shape;
          reconstruction_loss, kl_loss: float32 [batch], nats per image.
        """
        pixels = self.scale(images)
        z_mean, z_log_var = self.encode(pixels)
        if noise is None:
            noise = self.draw_noise(z_mean)
        logits = self.decoder(z_mean + ops.exp(0.5 * z_log_var) * noise)
        return {
            "z_mean": z_mean,
            "z_log_var": z_log_var,
            "logits": logits,
            "reconstruction_loss": self.reconstruction_nll(pixels, logits),
            "kl_loss": losses.kl_divergence(z_mean, z_log_var),
        }

    def call(self, inputs: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """`evaluate_images` at sampled noise, in training and in validation alike: the ELBO
        is an expectation over it."""
        return self.evaluate_images(inputs["image"], None)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The mean over the global batch: replicas add their gradients up."""
        penalty = self.regularizer(y_pred["z_mean"], y_pred["z_log_var"])
        per_image = y_pred["reconstruction_loss"] + self.settings.model.beta * penalty
        return ops.mean(per_image) / _replicas()

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        reconstruction, kl = y_pred["reconstruction_loss"], y_pred["kl_loss"]
        negative_elbo = reconstruction + kl
        bits = losses.bits_per_dim(
            negative_elbo,
            self.settings.image.size,
            density=self.settings.model.reconstruction != "bernoulli",
        )
        for name, values in {
            "reconstruction_loss": reconstruction,
            "kl_loss": kl,
            "elbo": -negative_elbo,
            "bits_per_dim": bits,
        }.items():
            self.means[name].update_state(values)
        self.active_units.update_state(y_pred["z_mean"])
        return self.get_metrics_result()


def _replicas() -> int:
    """Replicas whose losses TensorFlow adds up; other backends see the global batch."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync
