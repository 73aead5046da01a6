"""Convolutional networks of the published recipes, and the discriminators that go with them."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from trainer.config import ImageShape
from trainer.networks import blocks

DROPOUT = 0.3


def conv_32_encoder(
    image: ImageShape,
    latent_dim: int,
    condition_dim: int = 0,
    outputs: Sequence[str] = blocks.POSTERIOR,
    width: float = 1.0,
) -> keras.Model:
    """Three strided convolutions (Foster, Generative Deep Learning 2e, ch. 3, Fashion-MNIST).

    100,868 parameters at 32x32x1 with latent size 2.
    """
    pixels, condition, inputs = blocks.image_input(image, condition_dim)
    x = blocks.downsample(pixels, (32, 64, 128), width)
    x = blocks.concat_condition(layers.Flatten()(x), condition)
    return keras.Model(inputs, blocks.heads(x, latent_dim, outputs), name="encoder")


def conv_32_decoder(
    image: ImageShape, latent_dim: int, condition_dim: int = 0, width: float = 1.0
) -> keras.Model:
    """The mirror of `conv_32_encoder`: 246,273 parameters at 32x32x1 with latent size 2."""
    rows, columns, deepest = image.height // 8, image.width // 8, blocks.scaled(128, width)
    z, condition, inputs = blocks.latent_input(latent_dim, condition_dim)
    x = layers.Dense(rows * columns * deepest)(blocks.concat_condition(z, condition))
    x = layers.Reshape((rows, columns, deepest))(x)
    x = blocks.upsample(x, (128, 64, 32), width)
    return keras.Model(inputs, blocks.logits(x, image), name="decoder")


def conv_64_encoder(
    image: ImageShape,
    latent_dim: int,
    condition_dim: int = 0,
    outputs: Sequence[str] = blocks.POSTERIOR,
    width: float = 1.0,
) -> keras.Model:
    """Five strided convolutions of 64 filters (Foster, ch. 3, CelebA).

    253,584 parameters at 64x64x3 with latent size 200, of which 252,944 are trained.
    """
    pixels, condition, inputs = blocks.image_input(image, condition_dim)
    x, filters = pixels, blocks.scaled(64, width)
    for _ in range(5):
        x = _normalised(layers.Conv2D(filters, 3, strides=2, padding="same")(x))
    x = blocks.concat_condition(layers.Flatten()(x), condition)
    return keras.Model(inputs, blocks.heads(x, latent_dim, outputs), name="encoder")


def conv_64_decoder(
    image: ImageShape, latent_dim: int, condition_dim: int = 0, width: float = 1.0
) -> keras.Model:
    """The mirror of `conv_64_encoder`: 240,131 parameters at 64x64x3 with latent size 200.

    238,979 of them are trained.
    """
    rows, columns, filters = image.height // 32, image.width // 32, blocks.scaled(64, width)
    z, condition, inputs = blocks.latent_input(latent_dim, condition_dim)
    x = _normalised(layers.Dense(rows * columns * filters)(blocks.concat_condition(z, condition)))
    x = layers.Reshape((rows, columns, filters))(x)
    for _ in range(5):
        x = _normalised(layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x))
    x = layers.Conv2DTranspose(image.channels, 3, padding="same", dtype="float32", name="logits")(x)
    return keras.Model(inputs, x, name="decoder")


def conv_28_encoder(
    image: ImageShape,
    latent_dim: int,
    condition_dim: int = 0,
    outputs: Sequence[str] = blocks.POSTERIOR,
    width: float = 1.0,
) -> keras.Model:
    """The encoder of the MNIST VAE-GAN ("Autoencoders in Keras", part 6)."""
    pixels, condition, inputs = blocks.image_input(image, condition_dim)
    x = _dropped(layers.Conv2D(blocks.scaled(32, width), 3, strides=2, padding="same")(pixels))
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = _dropped(layers.Conv2D(blocks.scaled(64, width), 3, padding="same")(x))
    x = blocks.concat_condition(layers.Flatten()(x), condition)
    x = _dropped(layers.Dense(blocks.scaled(64, width))(x))
    return keras.Model(inputs, blocks.heads(x, latent_dim, outputs), name="encoder")


def conv_28_decoder(
    image: ImageShape, latent_dim: int, condition_dim: int = 0, width: float = 1.0
) -> keras.Model:
    """The decoder of the MNIST VAE-GAN: two nearest-neighbour upsamplings."""
    rows, columns, deepest = image.height // 4, image.width // 4, blocks.scaled(128, width)
    z, condition, inputs = blocks.latent_input(latent_dim, condition_dim)
    x = _dropped(layers.Dense(rows * columns * deepest)(blocks.concat_condition(z, condition)))
    x = layers.UpSampling2D(2)(layers.Reshape((rows, columns, deepest))(x))
    x = _dropped(layers.Conv2D(blocks.scaled(64, width), 5, padding="same")(x))
    x = layers.Conv2D(blocks.scaled(32, width), 3, padding="same")(x)
    x = _dropped(layers.UpSampling2D(2)(x))
    return keras.Model(inputs, blocks.logits(x, image, kernel=5), name="decoder")


def conv_28_discriminator(image: ImageShape, condition_dim: int = 0) -> keras.Model:
    """The discriminator of the MNIST VAE-GAN; its l-layer is a convolution before activation."""
    pixels, condition, inputs = blocks.image_input(image, condition_dim)
    x = layers.Conv2D(128, 7, strides=2, padding="same")(pixels)
    x = blocks.concat_condition(_dropped(layers.MaxPooling2D(2, padding="same")(x)), condition)
    x = layers.Conv2D(64, 3, padding="same")(x)
    x = _dropped(layers.MaxPooling2D(2, padding="same")(x))
    features = layers.Conv2D(16, 3, padding="same")(x)
    outputs = blocks.discriminator_heads(features, _dropped(features))
    return keras.Model(inputs, outputs, name="discriminator")


def strided_28_encoder(
    image: ImageShape,
    latent_dim: int,
    condition_dim: int = 0,
    outputs: Sequence[str] = blocks.POSTERIOR,
    width: float = 1.0,
) -> keras.Model:
    """Two strided convolutions and a small dense layer (the VAE of the Keras documentation).

    69,076 parameters at 28x28x1 with latent size 2. The dense layer leaks where the source has
    ReLUs: of those 13 or 14 of the 16 were off for every image after 300 steps, under each seed
    tried, and one or two units left cannot fill two latent dimensions.
    """
    pixels, condition, inputs = blocks.image_input(image, condition_dim)
    x = blocks.downsample(pixels, (32, 64), width)
    x = blocks.concat_condition(layers.Flatten()(x), condition)
    x = layers.Dense(blocks.scaled(16, width), activation="leaky_relu")(x)
    return keras.Model(inputs, blocks.heads(x, latent_dim, outputs), name="encoder")


def strided_28_decoder(
    image: ImageShape, latent_dim: int, condition_dim: int = 0, width: float = 1.0
) -> keras.Model:
    """The mirror, without the small layer: 65,089 parameters at 28x28x1 with latent size 2."""
    rows, columns, deepest = image.height // 4, image.width // 4, blocks.scaled(64, width)
    z, condition, inputs = blocks.latent_input(latent_dim, condition_dim)
    x = blocks.concat_condition(z, condition)
    x = layers.Dense(rows * columns * deepest, activation="relu")(x)
    x = layers.Reshape((rows, columns, deepest))(x)
    x = blocks.upsample(x, (64, 32), width)
    x = layers.Conv2DTranspose(image.channels, 3, padding="same", dtype="float32", name="logits")(x)
    return keras.Model(inputs, x, name="decoder")


def strided_discriminator(
    widths: Sequence[int], image: ImageShape, condition_dim: int = 0
) -> keras.Model:
    """Strided convolutions with leaky ReLU; the l-layer is the last but one, as in Larsen 2016.

    Without batch normalisation: real and decoded images are judged in one batch.
    """
    pixels, condition, inputs = blocks.image_input(image, condition_dim)
    x = blocks.concat_condition(pixels, condition)
    features = x
    for filters in widths:
        features = layers.Conv2D(filters, 3, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(features)
    x = layers.LeakyReLU(0.2)(layers.Dense(128)(layers.Flatten()(x)))
    return keras.Model(inputs, blocks.discriminator_heads(features, x), name="discriminator")


def _normalised(x: blocks.Tensor) -> blocks.Tensor:
    return layers.LeakyReLU(0.3)(layers.BatchNormalization()(x))


def _dropped(x: blocks.Tensor) -> blocks.Tensor:
    return layers.Dropout(DROPOUT)(layers.LeakyReLU(0.3)(x))
