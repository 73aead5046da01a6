"""The networks of Osinga, Deep Learning Cookbook, ch. 13: 3x3 and 2x2 kernels side by side.

Their latent is a map: one vector for each cell of 2^stages pixels, flattened.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from trainer.config import ImageShape
from trainer.networks import blocks

FIRST = 4  # filters of each branch of the first stage; every stage doubles them


def two_branch_encoder(
    stages: int,
    image: ImageShape,
    latent_dim: int,
    condition_dim: int = 0,
    outputs: Sequence[str] = blocks.POSTERIOR,
    width: float = 1.0,
) -> keras.Model:
    """Builds the encoder, at 32x32x1 that of two published models.

    4 stages with one head of 128 make the autoencoder of 35,085 parameters; 5 stages, which
    end in a linear layer of 128, with two heads of 64 the VAE of 276,013.
    """
    pixels, condition, inputs = blocks.image_input(image, condition_dim)
    x = pixels
    for stage in range(stages):
        filters = blocks.scaled(FIRST * 2**stage, width)
        branches = [
            layers.Conv2D(filters, kernel, padding="same", activation="relu")(x)
            for kernel in (3, 2)
        ]
        x = layers.MaxPooling2D(2)(layers.Concatenate()(branches))
    if stages == 5:
        x = layers.Dense(blocks.scaled(FIRST * 2**stages, width))(x)
    x = blocks.concat_condition(x, condition)
    maps = blocks.heads(x, latent_dim // _cells(image, stages), outputs)
    flat = [layers.Flatten(dtype="float32")(each) for each in maps]
    return keras.Model(inputs, flat, name="encoder")


def two_branch_decoder(
    stages: int, image: ImageShape, latent_dim: int, condition_dim: int = 0, width: float = 1.0
) -> keras.Model:
    """Builds the decoder: single 3x3 convolutions between nearest-neighbour upsamplings."""
    z, condition, inputs = blocks.latent_input(latent_dim, condition_dim)
    rows, columns = image.height // 2**stages, image.width // 2**stages
    x = layers.Reshape((rows, columns, latent_dim // _cells(image, stages)))(z)
    x = blocks.concat_condition(x, condition)
    for stage in reversed(range(stages)):
        filters = blocks.scaled(FIRST * 2**stage * (2 if stages == 5 else 1), width)
        x = layers.UpSampling2D(2)(layers.Conv2D(filters, 3, padding="same", activation="relu")(x))
    return keras.Model(inputs, blocks.logits(x, image), name="decoder")


def _cells(image: ImageShape, stages: int) -> int:
    return image.height * image.width // 4**stages
