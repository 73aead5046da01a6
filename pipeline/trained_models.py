"""The SavedModels of a run and the images to show them, as numpy. The only place where the
generation verbs meet TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from data_prep import features
from data_prep.manifest import read_manifest
from pipeline.finished import condition_names, describe, takes_labels
from trainer.hparams import WITHOUT_PRIOR
from trainer.pictures.sheet import to_pixels

BATCH = 256
MOST_EXAMPLES = 2000
SHARD_PATTERN = "Split-{split}/*.gz"


class Examples(NamedTuple):
    """Images of a split, in the order of its files, at most `MOST_EXAMPLES`."""

    images: np.ndarray  # uint8 [n, height, width, channels]
    keys: tuple[str, ...]
    labels: tuple[str, ...]  # empty strings where the data has none
    attributes: np.ndarray  # float32 [n, attributes]
    names: tuple[str, ...]  # every label of the data, sorted


class Model:
    """The signatures of one SavedModel, in batches.

    latent_dim: of its codes.
    conditions: the names of the condition's values, in order; empty where it takes none.
    by_label: whether they are labels, of which an image has one, or else attributes.
    has_prior: whether codes are distributed as N(0, I).
    """

    def __init__(self, directory: Path) -> None:
        self._loaded = tf.saved_model.load(str(directory))
        description = describe(directory)
        self.latent_dim: int = description["latent_dim"]
        self.conditions = condition_names(description)
        self.by_label = takes_labels(description)
        self.has_prior = description["family"] not in WITHOUT_PRIOR

    def decode(self, codes: np.ndarray, conditions: np.ndarray | None = None) -> np.ndarray:
        """Images of codes [n, latent_dim] under conditions [n, k]: uint8 [n, h, w, c]."""
        return to_pixels(self._call("decode", conditions, z=codes.astype(np.float32))["image"])

    def sample(self, count: int, seed: int, condition: np.ndarray | None = None) -> np.ndarray:
        """Images of z ~ N(0, I), all under one condition [k]: uint8 [count, h, w, c]."""
        arguments = {"count": tf.constant(count), "seed": tf.constant(seed, tf.int64)}
        if condition is not None:
            arguments["condition"] = tf.constant(condition[None])
        return to_pixels(self._loaded.signatures["sample"](**arguments)["image"].numpy())

    def encode(
        self, images: np.ndarray, conditions: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """z_mean and z_log_var, float32 [n, latent_dim], of uint8 images; no z_log_var where
        codes have no spread. Full model only."""
        encoded = self._call("encode", conditions, image=_as_strings(images))
        return encoded["z_mean"], encoded.get("z_log_var") if self.has_prior else None

    def conditions_of(self, examples: Examples) -> np.ndarray | None:
        """What the model is told about each example, float32 [n, k]; None where nothing."""
        if not self.conditions:
            return None
        if not self.by_label:
            return examples.attributes
        return np.array(
            [[label == name for name in self.conditions] for label in examples.labels], np.float32
        )

    def _call(
        self, name: str, conditions: np.ndarray | None, **inputs: np.ndarray
    ) -> dict[str, np.ndarray]:
        if conditions is not None:
            inputs["condition"] = conditions.astype(np.float32)
        count = len(next(iter(inputs.values())))
        parts = [
            self._loaded.signatures[name](
                **{key: tf.constant(array[start : start + BATCH]) for key, array in inputs.items()}
            )
            for start in range(0, count, BATCH)
        ]
        return {key: np.concatenate([part[key].numpy() for part in parts]) for key in parts[0]}


def read_examples(directory: Path, split: str) -> Examples:
    """The first images of a split of a prepared data set; none where it is empty."""
    manifest = read_manifest(str(directory))
    image, attributes = manifest.image, len(manifest.attributes)
    spec = {
        features.IMAGE: tf.io.FixedLenFeature([], tf.string),
        features.KEY: tf.io.FixedLenFeature([], tf.string),
        features.LABEL: tf.io.FixedLenFeature([], tf.string, ""),
    }
    if attributes:
        spec[features.ATTRIBUTES] = tf.io.FixedLenFeature([attributes], tf.int64)
    files = sorted(str(path) for path in directory.glob(SHARD_PATTERN.format(split=split)))
    records = list(tf.data.TFRecordDataset(files, "GZIP").take(MOST_EXAMPLES).as_numpy_iterator())
    parsed = tf.io.parse_example(tf.constant(records, tf.string), spec)
    pixels = np.frombuffer(b"".join(parsed[features.IMAGE].numpy().tolist()), np.uint8)
    return Examples(
        images=pixels.reshape(-1, image.height, image.width, image.channels),
        keys=tuple(key.decode() for key in parsed[features.KEY].numpy().tolist()),
        labels=tuple(label.decode() for label in parsed[features.LABEL].numpy().tolist()),
        attributes=np.asarray(
            parsed.get(features.ATTRIBUTES, np.zeros((len(records), 0))), np.float32
        ),
        names=tuple(manifest.labels),
    )


def _as_strings(images: np.ndarray) -> np.ndarray:
    return np.array([image.tobytes() for image in images], object)
