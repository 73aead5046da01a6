"""Fully connected networks of the published MNIST recipes. They take images of any size."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from trainer.config import ImageShape
from trainer.networks import blocks

DROPOUT = 0.3


def dense_encoder(
    widths: Sequence[int],
    regularised: bool,
    image: ImageShape,
    latent_dim: int,
    condition_dim: int = 0,
    outputs: Sequence[str] = blocks.POSTERIOR,
    width: float = 1.0,
) -> keras.Model:
    """Dense layers of these widths with ReLU, then the heads.

    widths (512,) is Osinga, Deep Learning Cookbook, ch. 13; (256, 128) and (256,), each
    followed by batch normalisation and dropout ("regularised"), are parts 3 and 4 of the series
    "Autoencoders in Keras".
    """
    pixels, condition, inputs = blocks.image_input(image, condition_dim)
    x = blocks.concat_condition(layers.Flatten()(pixels), condition)
    for units in widths:
        x = layers.Dense(blocks.scaled(units, width), activation="relu")(x)
        x = _regularise(x, regularised)
    return keras.Model(inputs, blocks.heads(x, latent_dim, outputs), name="encoder")


def dense_decoder(
    widths: Sequence[int],
    regularised: bool,
    image: ImageShape,
    latent_dim: int,
    condition_dim: int = 0,
    width: float = 1.0,
) -> keras.Model:
    """The mirror: leaky ReLU where regularised, ReLU where not, as the sources have it."""
    z, condition, inputs = blocks.latent_input(latent_dim, condition_dim)
    x = blocks.concat_condition(z, condition)
    for units in reversed(widths):
        x = layers.Dense(blocks.scaled(units, width))(x)
        x = layers.LeakyReLU(0.3)(x) if regularised else layers.ReLU()(x)
        x = _regularise(x, regularised)
    x = layers.Dense(image.size, dtype="float32", name="logits")(x)
    return keras.Model(inputs, layers.Reshape(image.as_tuple, dtype="float32")(x), name="decoder")


def _regularise(x: blocks.Tensor, regularised: bool) -> blocks.Tensor:
    if not regularised:
        return x
    return layers.Dropout(DROPOUT)(layers.BatchNormalization()(x))
