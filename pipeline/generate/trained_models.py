"""The images of a run that its models are shown, as numpy."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from data_prep import features
from data_prep.manifest import read_manifest

MOST_EXAMPLES = 2000
SHARD_PATTERN = "Split-{split}/*.gz"


class Examples(NamedTuple):
    """Images of a split, in the order of its files, at most `MOST_EXAMPLES`."""

    images: np.ndarray  # uint8 [n, height, width, channels]
    keys: tuple[str, ...]
    labels: tuple[str, ...]  # empty strings where the data has none
    attributes: np.ndarray  # float32 [n, attributes]
    names: tuple[str, ...]  # every label of the data, sorted


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
