"""A small network trained on the data itself, whose features images are compared by.

It stands in for the Inception network of the published FID, which is not to be had offline
and knows neither drawings nor aligned faces; distances in its features mean something within
one data set only. Its name is the hash of its weights.
"""

from __future__ import annotations

import hashlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from trainer.config_parts import ExtractorConfig

FEATURES = 64
MODEL, FACTS = "saved_model", "extractor.json"
LABEL, ATTRIBUTES, AUTOENCODER = "label", "attributes", "autoencoder"
_WIDTHS = (32, 64, 128)


def train_extractor(
    images: np.ndarray, targets: np.ndarray | None, kind: str, outputs: int, config: ExtractorConfig
) -> keras.Model:
    """Trains it. The same arguments give the same weights on the same machine.

    Args:
      images: uint8 [n, height, width, channels].
      targets: the index of the label, int [n]; or attributes of 0 and 1, [n, names]; None for
        an autoencoder.
      kind: `label`, `attributes` or `autoencoder`.
      outputs: how many labels or attributes there are; not used by an autoencoder.

    Returns:
      A model of float images in [0, 1] with the outputs `features` float32 [n, 64] and `scores`:
      logits [n, outputs], or the image again, flat.
    """
    shape = images.shape[1:]
    model = _network(shape, outputs if kind != AUTOENCODER else int(np.prod(shape)), config.seed)
    losses = {
        LABEL: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        ATTRIBUTES: keras.losses.BinaryCrossentropy(from_logits=True),
        AUTOENCODER: keras.losses.BinaryCrossentropy(from_logits=True),
    }
    schedule = keras.optimizers.schedules.CosineDecay(2e-3, config.steps)
    learner = keras.Model(model.input, model.output["scores"])
    learner.compile(keras.optimizers.Adam(schedule), losses[kind])
    learner.fit(
        _batches(images, targets, config), epochs=1, steps_per_epoch=config.steps, verbose=0
    )
    return model


def extractor_hash(model: keras.Model) -> str:
    """SHA-256 over shapes and values of the weights, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for weight in model.get_weights():
        digest.update(f"{weight.shape}".encode())
        digest.update(np.ascontiguousarray(weight, np.float32).tobytes())
    return digest.hexdigest()[:16]


def export_extractor(model: keras.Model, directory: str) -> None:
    """Writes a SavedModel that loads with TensorFlow alone.

    Signature `features`: image uint8 [n, height, width, channels] -> features, scores.
    """
    module = tf.Module()
    module.weights = [variable.value for variable in model.weights]

    def features(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return model(tf.cast(image, tf.float32) / 255.0, training=False)

    spec = tf.TensorSpec([None, *model.input.shape[1:]], tf.uint8, "image")
    signature = tf.function(features, input_signature=[spec])
    tf.saved_model.save(module, directory, signatures={"features": signature})


def _network(shape: tuple[int, ...], outputs: int, seed: int) -> keras.Model:
    """Strided convolutions, averaged over the image, then 64 features and a linear layer."""
    seeds = iter(range(seed * 100, seed * 100 + 100))  # no draw depends on anything global

    def initializer() -> Any:
        return keras.initializers.HeNormal(seed=next(seeds))

    image = keras.Input(shape, dtype="float32", name="image")
    x = image
    for width in _WIDTHS:
        x = keras.layers.Conv2D(
            width, 3, 2, "same", activation="relu", kernel_initializer=initializer()
        )(x)
    x = keras.layers.Flatten()(keras.layers.AveragePooling2D(2, padding="same")(x))
    features = keras.layers.Dense(FEATURES, kernel_initializer=initializer())(x)
    x = keras.layers.ReLU()(features)
    scores = keras.layers.Dense(outputs, kernel_initializer=initializer())(x)
    return keras.Model(image, {"features": features, "scores": scores})


def _batches(
    images: np.ndarray, targets: np.ndarray | None, config: ExtractorConfig
) -> tf.data.Dataset:
    """`steps` batches: every image once before any comes twice, in an order of the seed's."""
    rng = np.random.default_rng(config.seed)
    wanted = config.steps * config.batch_size
    rounds = -(-wanted // len(images))
    order = np.concatenate([rng.permutation(len(images)) for _ in range(rounds)])[:wanted]

    def batch(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pixels = images[rows].astype(np.float32) / 255
        wanted = pixels.reshape(len(rows), -1) if targets is None else targets[rows]
        return pixels, wanted.astype(np.float32)

    def generate() -> Any:
        for start in range(0, wanted, config.batch_size):
            yield batch(order[start : start + config.batch_size])

    target = (None,) if targets is not None and targets.ndim == 1 else (None, None)
    signature = (
        tf.TensorSpec((None, *images.shape[1:]), tf.float32),
        tf.TensorSpec(target, tf.float32),
    )
    return tf.data.Dataset.from_generator(generate, output_signature=signature).prefetch(2)
