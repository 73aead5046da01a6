"""Inputs, condition and heads of a network, the same in every architecture.

The condition, float32 [batch, condition_dim], is concatenated to the flattened features of an
encoder and to the z of a decoder; to a map of features it goes as that many constant channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import keras
from keras import layers

from trainer.config import ImageShape

Tensor: TypeAlias = "keras.KerasTensor"
Inputs: TypeAlias = "Tensor | list[Tensor]"

POSTERIOR = ("z_mean", "z_log_var")


def image_input(image: ImageShape, condition_dim: int) -> tuple[Tensor, Tensor | None, Inputs]:
    """Returns (image, condition or None, the inputs of the network)."""
    return _inputs(keras.Input(image.as_tuple, name="image"), condition_dim)


def latent_input(latent_dim: int, condition_dim: int) -> tuple[Tensor, Tensor | None, Inputs]:
    """Returns (z, condition or None, the inputs of the network)."""
    return _inputs(keras.Input((latent_dim,), name="z"), condition_dim)


def _inputs(first: Tensor, condition_dim: int) -> tuple[Tensor, Tensor | None, Inputs]:
    if not condition_dim:
        return first, None, first
    condition = keras.Input((condition_dim,), name="condition")
    return first, condition, [first, condition]


def scaled(units: int, width: float, multiple: int = 1) -> int:
    """Returns `width` times a number of units or filters, rounded to a multiple of `multiple`."""
    return max(1, round(units * width / multiple)) * multiple


def concat_condition(x: Tensor, condition: Tensor | None) -> Tensor:
    """Concatenates features [batch, n], or a map of them, with the condition."""
    if condition is None:
        return x
    if len(x.shape) == 4:
        height, width = x.shape[1:3]
        size = condition.shape[-1]
        condition = layers.RepeatVector(height * width)(condition)
        condition = layers.Reshape((height, width, size))(condition)
    return layers.Concatenate()([x, condition])


def heads(x: Tensor, units: int, names: Sequence[str]) -> list[Tensor]:
    """Adds linear layers on the last axis, float32 whatever the precision of the rest."""
    return [layers.Dense(units, dtype="float32", name=name)(x) for name in names]


def downsample(x: Tensor, filters: Sequence[int], width: float) -> Tensor:
    """Adds 3x3 convolutions with ReLU, each of which halves the image."""
    for count in filters:
        x = layers.Conv2D(scaled(count, width), 3, 2, padding="same", activation="relu")(x)
    return x


def upsample(x: Tensor, filters: Sequence[int], width: float) -> Tensor:
    """Adds 3x3 transposed convolutions with ReLU, each of which doubles the image."""
    for count in filters:
        x = layers.Conv2DTranspose(scaled(count, width), 3, 2, padding="same", activation="relu")(x)
    return x


def logits(x: Tensor, image: ImageShape, kernel: int = 3) -> Tensor:
    """Adds a last convolution to the image's channels, in float32."""
    return layers.Conv2D(image.channels, kernel, padding="same", dtype="float32", name="logits")(x)


def discriminator_heads(features: Tensor, x: Tensor) -> list[Tensor]:
    """Adds a discriminator's outputs: a logit, float32 [batch], and its l-layer's features."""
    logit = layers.Dense(1, dtype="float32", name="logit")(layers.Flatten()(x))
    return [layers.Flatten(dtype="float32")(logit)[:, 0], layers.Flatten(dtype="float32")(features)]
