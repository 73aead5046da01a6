"""Two strided convolutions and a small dense layer: the VAE of the Keras documentation."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from trainer.hparams import ImageShape
from trainer.networks.joints import (
    POSTERIOR,
    doubled,
    halved,
    heads,
    image_input,
    join,
    latent_input,
    scaled,
)

FILTERS = (32, 64)
UNITS = 16


def strided_28_encoder(
    image: ImageShape,
    latent_dim: int,
    condition_dim: int = 0,
    outputs: Sequence[str] = POSTERIOR,
    width: float = 1.0,
) -> keras.Model:
    """69,076 parameters at 28x28x1 with latent size 2."""
    pixels, condition, inputs = image_input(image, condition_dim)
    x = halved(pixels, FILTERS, width)
    x = layers.Dense(scaled(UNITS, width), activation="relu")(join(layers.Flatten()(x), condition))
    return keras.Model(inputs, heads(x, latent_dim, outputs), name="encoder")


def strided_28_decoder(
    image: ImageShape, latent_dim: int, condition_dim: int = 0, width: float = 1.0
) -> keras.Model:
    """The mirror, without the small layer: 65,089 parameters at 28x28x1 and 2."""
    rows, columns, deepest = image.height // 4, image.width // 4, scaled(FILTERS[-1], width)
    z, condition, inputs = latent_input(latent_dim, condition_dim)
    x = layers.Dense(rows * columns * deepest, activation="relu")(join(z, condition))
    x = layers.Reshape((rows, columns, deepest))(x)
    x = doubled(x, FILTERS[::-1], width)
    x = layers.Conv2DTranspose(image.channels, 3, padding="same", dtype="float32", name="logits")(x)
    return keras.Model(inputs, x, name="decoder")
