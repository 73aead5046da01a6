"""The feature network: trained on the data itself, its features are what images are compared by.

It stands in for the Inception network of the published FID, which is not to be had offline
and knows neither drawings nor aligned faces; distances in its features mean something within
one data set only. It is identified by a hash of its weights. On disk it is a directory with a
SavedModel, MODEL, that loads with TensorFlow alone (signature `features`: image uint8
[n, height, width, channels] -> features float32 [n, 64], scores float32 [n, outputs]), and
FACTS, its `hash` with what it was trained on.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from trainer.config import FeatureNetworkConfig
from trainer.measures.frechet import distance_of_features, resampled_distances

FEATURES = 64
MODEL, FACTS = "saved_model", "extractor.json"
LABEL, ATTRIBUTES, AUTOENCODER = "label", "attributes", "autoencoder"
_WIDTHS = (32, 64, 128)
_BATCH = 512


class Task(NamedTuple):
    """The images that a feature network learns from, and what it predicts of them."""

    images: np.ndarray  # uint8 [n, height, width, channels]
    kind: str  # `label`, `attributes` or `autoencoder`, which predicts the image
    targets: np.ndarray | None  # indices of labels, int [n]; attributes of 0 and 1, [n, outputs]
    outputs: int  # the number of labels or attributes; 0 for an autoencoder


def choose_task(
    images: np.ndarray, label_index: np.ndarray, labels: int, attributes: np.ndarray
) -> Task:
    """Returns the task of a data set: its labels, else its attributes, else the images.

    label_index: of each image, int [n]; below 0 where it has no label: it is left out then.
    labels: their number; a single one says nothing.
    attributes: 0 or 1, [n, names]; names may be 0.
    """
    if labels > 1:
        labelled = label_index >= 0
        return Task(images[labelled], LABEL, label_index[labelled], labels)
    if attributes.shape[1]:
        return Task(images, ATTRIBUTES, attributes, attributes.shape[1])
    return Task(images, AUTOENCODER, None, 0)


def train_feature_network(task: Task, config: FeatureNetworkConfig) -> keras.Model:
    """Trains a network. The same arguments give the same weights on the same machine. It maps float
    images in [0, 1] to `features` float32 [n, 64] and `scores`: logits [n, outputs], or the image
    again, flat."""
    shape = task.images.shape[1:]
    outputs = int(np.prod(shape)) if task.kind == AUTOENCODER else task.outputs
    model = _network(shape, outputs, config.seed)
    loss: Any = keras.losses.BinaryCrossentropy(from_logits=True)
    if task.kind == LABEL:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    schedule = keras.optimizers.schedules.CosineDecay(2e-3, config.steps)
    learner = keras.Model(model.input, model.output["scores"])
    learner.compile(keras.optimizers.Adam(schedule), loss)
    learner.fit(_batches(task, config), epochs=1, steps_per_epoch=config.steps, verbose=0)
    return model


def weights_hash(model: keras.Model) -> str:
    """Returns SHA-256 over shapes and values of the weights, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for weight in model.get_weights():
        digest.update(f"{weight.shape}".encode())
        digest.update(np.ascontiguousarray(weight, np.float32).tobytes())
    return digest.hexdigest()[:16]


def export_feature_network(model: keras.Model, directory: str, facts: dict[str, Any]) -> None:
    """Writes the network into a directory, `facts` and its hash beside it."""
    module = tf.Module()
    module.weights = [variable.value for variable in model.weights]

    def features(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return model(tf.cast(image, tf.float32) / 255.0, training=False)

    spec = tf.TensorSpec([None, *model.input.shape[1:]], tf.uint8, "image")
    signature = tf.function(features, input_signature=[spec])
    tf.saved_model.save(module, os.path.join(directory, MODEL), signatures={"features": signature})
    text = json.dumps({"hash": weights_hash(model), **facts}, indent=1, ensure_ascii=False)
    with tf.io.gfile.GFile(os.path.join(directory, FACTS), "w") as file:
        file.write(text + "\n")


class Features(NamedTuple):
    """The output of a feature network for n images."""

    values: np.ndarray  # float32 [n, 64]
    scores: np.ndarray  # float32 [n, outputs], logits where it classifies
    network: str  # its hash


class FeatureNetwork:
    """A feature network, loaded from its directory. facts: the contents of FACTS."""

    def __init__(self, directory: str) -> None:
        self._loaded = tf.saved_model.load(os.path.join(directory, MODEL))
        with tf.io.gfile.GFile(os.path.join(directory, FACTS)) as file:
            self.facts: dict[str, Any] = json.loads(file.read())

    def __call__(self, images: np.ndarray) -> Features:
        """Returns the features of uint8 images [n, height, width, channels], n >= 1."""
        outputs = [
            self._loaded.signatures["features"](image=tf.constant(images[start : start + _BATCH]))
            for start in range(0, len(images), _BATCH)
        ]
        values, scores = (
            np.concatenate([batch[name].numpy() for batch in outputs])
            for name in ("features", "scores")
        )
        return Features(values, scores, self.facts["hash"])


def cfid(one: Features, other: Features) -> float:
    """Returns the Fréchet distance of features, "c" for custom: it is no published FID. ValueError
    where they are of different networks, whose units differ."""
    _check_comparable(one, other)
    return distance_of_features(one.values, other.values)


def resampled_cfid(
    one: Features, other: Features, counts: np.ndarray, other_counts: np.ndarray
) -> np.ndarray:
    """Returns `cfid` under resamples [r, n] and [r, m], float64 [r]."""
    _check_comparable(one, other)
    return resampled_distances(one.values, other.values, counts, other_counts)


def _check_comparable(one: Features, other: Features) -> None:
    if one.network != other.network:
        raise ValueError(
            f"features of the extractors {one.network} and {other.network} cannot be compared"
        )


def _network(shape: tuple[int, ...], outputs: int, seed: int) -> keras.Model:
    """Builds strided convolutions, a pooling layer, 64 features and a linear layer."""
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


def _batches(task: Task, config: FeatureNetworkConfig) -> tf.data.Dataset:
    """Returns `steps` batches in an order of the seed's: all images once before any comes twice."""
    images, targets = task.images, task.targets
    rng = np.random.default_rng(config.seed)
    count = config.steps * config.batch_size
    rounds = -(-count // len(images))
    order = np.concatenate([rng.permutation(len(images)) for _ in range(rounds)])[:count]

    def generate() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, count, config.batch_size):
            rows = order[start : start + config.batch_size]
            pixels = images[rows].astype(np.float32) / 255
            labels = pixels.reshape(len(rows), -1) if targets is None else targets[rows]
            yield pixels, labels.astype(np.float32)

    target_shape = (None,) if targets is not None and targets.ndim == 1 else (None, None)
    signature = (
        tf.TensorSpec((None, *images.shape[1:]), tf.float32),
        tf.TensorSpec(target_shape, tf.float32),
    )
    return tf.data.Dataset.from_generator(generate, output_signature=signature).prefetch(2)
