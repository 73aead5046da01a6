"""Named encoder and decoder networks. To add one: two builders, a line in `ARCHITECTURES`,
and its name in trainer.hparams with what the image sides must be divisible by.

An encoder maps float images [batch, height, width, channels] in [0, 1] to z_mean and
z_log_var, float32 [batch, latent_dim]. A decoder maps z, float32 [batch, latent_dim], to
float32 logits of the image's shape; the model decides what a logit means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import keras
from keras import layers

from trainer.hparams import ImageShape


class Architecture(NamedTuple):
    """Builders that take the image shape and the latent size."""

    encoder: Callable[[ImageShape, int], keras.Model]
    decoder: Callable[[ImageShape, int], keras.Model]


def conv_32_encoder(image: ImageShape, latent_dim: int) -> keras.Model:
    """Three strided convolutions (Foster, Generative Deep Learning 2e, ch. 3, Fashion-MNIST).

    100,868 parameters at 32x32x1 with latent size 2.
    """
    pixels = keras.Input(image.as_tuple, name="image")
    x = pixels
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Flatten()(x)
    return keras.Model(pixels, _posterior(x, latent_dim), name="encoder")


def conv_32_decoder(image: ImageShape, latent_dim: int) -> keras.Model:
    """The mirror of `conv_32_encoder`: 246,273 parameters at 32x32x1 with latent size 2."""
    height, width = image.height // 8, image.width // 8
    z = keras.Input((latent_dim,), name="z")
    x = layers.Dense(height * width * 128)(z)
    x = layers.Reshape((height, width, 128))(x)
    for filters in (128, 64, 32):
        x = layers.Conv2DTranspose(filters, 3, strides=2, padding="same", activation="relu")(x)
    logits = layers.Conv2D(image.channels, 3, padding="same", dtype="float32", name="logits")(x)
    return keras.Model(z, logits, name="decoder")


ARCHITECTURES = {
    "conv_32": Architecture(conv_32_encoder, conv_32_decoder),
}


def _posterior(x: keras.KerasTensor, latent_dim: int) -> list[keras.KerasTensor]:
    """The two heads, in float32 whatever the precision of the rest."""
    return [
        layers.Dense(latent_dim, dtype="float32", name=name)(x) for name in ("z_mean", "z_log_var")
    ]
