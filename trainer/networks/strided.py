"""Two strided convolutions and a small dense layer: the VAE of the Keras documentation."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from trainer.config import ImageShape
from trainer.networks.blocks import (
    POSTERIOR,
    concat_condition,
    downsample,
    heads,
    image_input,
    latent_input,
    scaled,
    upsample,
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
    x = downsample(pixels, FILTERS, width)
    x = layers.Dense(scaled(UNITS, width), activation="relu")(
        concat_condition(layers.Flatten()(x), condition)
    )
    return keras.Model(inputs, heads(x, latent_dim, outputs), name="encoder")


def strided_28_decoder(
    image: ImageShape, latent_dim: int, condition_dim: int = 0, width: float = 1.0
) -> keras.Model:
    """The mirror, without the small layer: 65,089 parameters at 28x28x1 and 2."""
    rows, columns, deepest = image.height // 4, image.width // 4, scaled(FILTERS[-1], width)
    z, condition, inputs = latent_input(latent_dim, condition_dim)
    x = layers.Dense(rows * columns * deepest, activation="relu")(concat_condition(z, condition))
    x = layers.Reshape((rows, columns, deepest))(x)
    x = upsample(x, FILTERS[::-1], width)
    x = layers.Conv2DTranspose(image.channels, 3, padding="same", dtype="float32", name="logits")(x)
    return keras.Model(inputs, x, name="decoder")
