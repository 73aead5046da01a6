"""Convolutional networks of the published recipes, and the discriminators that go with them."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from trainer.config import ImageShape
from trainer.networks.blocks import (
    POSTERIOR,
    Tensor,
    concat_condition,
    discriminator_heads,
    downsample,
    heads,
    image_input,
    latent_input,
    logits,
    scaled,
    upsample,
)

DROPOUT = 0.3
WIDTHS_64 = (64,) * 5


def conv_32_encoder(
    image: ImageShape,
    latent_dim: int,
    condition_dim: int = 0,
    outputs: Sequence[str] = POSTERIOR,
    width: float = 1.0,
) -> keras.Model:
    """Three strided convolutions (Foster, Generative Deep Learning 2e, ch. 3, Fashion-MNIST).

    100,868 parameters at 32x32x1 with latent size 2.
    """
    pixels, condition, inputs = image_input(image, condition_dim)
    x = downsample(pixels, (32, 64, 128), width)
    x = concat_condition(layers.Flatten()(x), condition)
    return keras.Model(inputs, heads(x, latent_dim, outputs), name="encoder")


def conv_32_decoder(
    image: ImageShape, latent_dim: int, condition_dim: int = 0, width: float = 1.0
) -> keras.Model:
    """The mirror of `conv_32_encoder`: 246,273 parameters at 32x32x1 with latent size 2."""
    rows, columns, deepest = image.height // 8, image.width // 8, scaled(128, width)
    z, condition, inputs = latent_input(latent_dim, condition_dim)
    x = layers.Dense(rows * columns * deepest)(concat_condition(z, condition))
    x = layers.Reshape((rows, columns, deepest))(x)
    x = upsample(x, (128, 64, 32), width)
    return keras.Model(inputs, logits(x, image), name="decoder")


def conv_64_encoder(
    image: ImageShape,
    latent_dim: int,
    condition_dim: int = 0,
    outputs: Sequence[str] = POSTERIOR,
    width: float = 1.0,
) -> keras.Model:
    """Five strided convolutions of 64 filters (Foster, ch. 3, CelebA).

    253,584 parameters at 64x64x3 with latent size 200, of which 252,944 are trained.
    """
    pixels, condition, inputs = image_input(image, condition_dim)
    x = pixels
    for filters in WIDTHS_64:
        x = _normalised(layers.Conv2D(scaled(filters, width), 3, strides=2, padding="same")(x))
    x = concat_condition(layers.Flatten()(x), condition)
    return keras.Model(inputs, heads(x, latent_dim, outputs), name="encoder")


def conv_64_decoder(
    image: ImageShape, latent_dim: int, condition_dim: int = 0, width: float = 1.0
) -> keras.Model:
    """The mirror of `conv_64_encoder`: 240,131 parameters at 64x64x3 with latent size 200.

    238,979 of them are trained.
    """
    rows, columns, deepest = image.height // 32, image.width // 32, scaled(WIDTHS_64[-1], width)
    z, condition, inputs = latent_input(latent_dim, condition_dim)
    x = _normalised(layers.Dense(rows * columns * deepest)(concat_condition(z, condition)))
    x = layers.Reshape((rows, columns, deepest))(x)
    for filters in reversed(WIDTHS_64):
        x = _normalised(
            layers.Conv2DTranspose(scaled(filters, width), 3, strides=2, padding="same")(x)
        )
    x = layers.Conv2DTranspose(image.channels, 3, padding="same", dtype="float32", name="logits")(x)
    return keras.Model(inputs, x, name="decoder")


def conv_28_encoder(
    image: ImageShape,
    latent_dim: int,
    condition_dim: int = 0,
    outputs: Sequence[str] = POSTERIOR,
    width: float = 1.0,
) -> keras.Model:
    """The encoder of the MNIST VAE-GAN ("Autoencoders in Keras", part 6)."""
    pixels, condition, inputs = image_input(image, condition_dim)
    x = _dropped(layers.Conv2D(scaled(32, width), 3, strides=2, padding="same")(pixels))
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = _dropped(layers.Conv2D(scaled(64, width), 3, padding="same")(x))
    x = _dropped(layers.Dense(scaled(64, width))(concat_condition(layers.Flatten()(x), condition)))
    return keras.Model(inputs, heads(x, latent_dim, outputs), name="encoder")


def conv_28_decoder(
    image: ImageShape, latent_dim: int, condition_dim: int = 0, width: float = 1.0
) -> keras.Model:
    """The decoder of the MNIST VAE-GAN: two nearest-neighbour upsamplings."""
    rows, columns, deepest = image.height // 4, image.width // 4, scaled(128, width)
    z, condition, inputs = latent_input(latent_dim, condition_dim)
    x = _dropped(layers.Dense(rows * columns * deepest)(concat_condition(z, condition)))
    x = layers.UpSampling2D(2)(layers.Reshape((rows, columns, deepest))(x))
    x = _dropped(layers.Conv2D(scaled(64, width), 5, padding="same")(x))
    x = _dropped(layers.UpSampling2D(2)(layers.Conv2D(scaled(32, width), 3, padding="same")(x)))
    return keras.Model(inputs, logits(x, image, kernel=5), name="decoder")


def conv_28_discriminator(image: ImageShape, condition_dim: int = 0) -> keras.Model:
    """The discriminator of the MNIST VAE-GAN; its l-layer is a convolution before activation."""
    pixels, condition, inputs = image_input(image, condition_dim)
    x = layers.Conv2D(128, 7, strides=2, padding="same")(pixels)
    x = concat_condition(_dropped(layers.MaxPooling2D(2, padding="same")(x)), condition)
    x = layers.Conv2D(64, 3, padding="same")(x)
    x = _dropped(layers.MaxPooling2D(2, padding="same")(x))
    features = layers.Conv2D(16, 3, padding="same")(x)
    return keras.Model(
        inputs, discriminator_heads(features, _dropped(features)), name="discriminator"
    )


def strided_discriminator(
    widths: Sequence[int], image: ImageShape, condition_dim: int = 0
) -> keras.Model:
    """Strided convolutions with leaky ReLU; the l-layer is the last but one, as in Larsen 2016.

    Without batch normalisation: real and decoded images are judged in one batch.
    """
    pixels, condition, inputs = image_input(image, condition_dim)
    x = concat_condition(pixels, condition)
    features = x
    for filters in widths:
        features = layers.Conv2D(filters, 3, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(features)
    x = layers.LeakyReLU(0.2)(layers.Dense(128)(layers.Flatten()(x)))
    return keras.Model(inputs, discriminator_heads(features, x), name="discriminator")


def _normalised(x: Tensor) -> Tensor:
    return layers.LeakyReLU(0.3)(layers.BatchNormalization()(x))


def _dropped(x: Tensor) -> Tensor:
    return layers.Dropout(DROPOUT)(layers.LeakyReLU(0.3)(x))
