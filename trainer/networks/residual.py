"""A stronger network for 64x64: residual blocks with group normalisation.

Group normalisation (Wu & He 2018) keeps images independent of the rest of their batch, so that
training and use compute the same function, and replicas need not agree on statistics.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from trainer.config import ImageShape
from trainer.networks import blocks

WIDTHS = (32, 64, 96, 128)  # after each halving of the image
GROUPS = 8


def res_64_encoder(
    image: ImageShape,
    latent_dim: int,
    condition_dim: int = 0,
    outputs: Sequence[str] = blocks.POSTERIOR,
    width: float = 1.0,
) -> keras.Model:
    """Strided convolutions, each followed by a residual block."""
    pixels, condition, inputs = blocks.image_input(image, condition_dim)
    x = pixels
    for filters in _widths(width):
        x = _block(layers.Conv2D(filters, 4, strides=2, padding="same")(x))
    x = blocks.concat_condition(layers.Flatten()(_activated(x)), condition)
    return keras.Model(inputs, blocks.heads(x, latent_dim, outputs), name="encoder")


def res_64_decoder(
    image: ImageShape, latent_dim: int, condition_dim: int = 0, width: float = 1.0
) -> keras.Model:
    """Residual blocks, each followed by a transposed convolution that doubles the image."""
    widths, scale = _widths(width), 2 ** len(WIDTHS)
    rows, columns = image.height // scale, image.width // scale
    z, condition, inputs = blocks.latent_input(latent_dim, condition_dim)
    x = layers.Dense(rows * columns * widths[-1])(blocks.concat_condition(z, condition))
    x = layers.Reshape((rows, columns, widths[-1]))(x)
    for filters in (*reversed(widths[:-1]), widths[0]):
        x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same")(_block(x))
    return keras.Model(inputs, blocks.logits(_activated(x), image), name="decoder")


def _widths(width: float) -> list[int]:
    return [blocks.scaled(filters, width, GROUPS) for filters in WIDTHS]


def _block(x: blocks.Tensor) -> blocks.Tensor:
    """x plus two normalised 3x3 convolutions of it (He et al. 2016, pre-activation)."""
    filters = x.shape[-1]
    y = layers.Conv2D(filters, 3, padding="same")(_activated(x))
    y = layers.Conv2D(filters, 3, padding="same")(_activated(y))
    return layers.Add()([x, y])


def _activated(x: blocks.Tensor) -> blocks.Tensor:
    return layers.Activation("silu")(layers.GroupNormalization(GROUPS)(x))
