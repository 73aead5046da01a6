"""The images of a split, read back from its shards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from data_prep import features

BATCH = 256


class Records(NamedTuple):
    """Images of a shard. labels: "" where there is none; attributes: int64 [n, names]."""

    keys: list[bytes]
    labels: list[str]
    images: list[bytes]
    attributes: np.ndarray

    def part(self, chosen: slice) -> Records:
        keys, labels, images, attributes = self
        return Records(keys[chosen], labels[chosen], images[chosen], attributes[chosen])

    def repeated(self, times: int) -> Records:
        """Every image `times` times, one after the other."""
        rows = np.repeat(np.arange(len(self.keys)), times)
        keys, labels, images = (
            [column[row] for row in rows] for column in (self.keys, self.labels, self.images)
        )
        return Records(keys, labels, images, self.attributes[rows])  # type: ignore[arg-type]


def read_records(path: str, batch: int = BATCH) -> Iterator[Records]:
    """The images of a shard, in batches."""
    spec = {
        features.KEY: tf.io.FixedLenFeature([], tf.string),
        features.LABEL: tf.io.FixedLenFeature([], tf.string, default_value=""),
        features.IMAGE: tf.io.FixedLenFeature([], tf.string),
        features.ATTRIBUTES: tf.io.RaggedFeature(tf.int64),
    }
    records = tf.data.TFRecordDataset(path, compression_type="GZIP").batch(batch)
    for batched in records.map(lambda each: tf.io.parse_example(each, spec)).prefetch(2):
        labels = [label.decode("utf-8", "replace") for label in batched[features.LABEL].numpy()]
        yield Records(
            keys=batched[features.KEY].numpy().tolist(),
            labels=labels,
            images=batched[features.IMAGE].numpy().tolist(),
            attributes=batched[features.ATTRIBUTES].to_tensor().numpy(),
        )


def read_split(paths: Iterable[str], limit: int) -> Iterator[Records]:
    """Batches of one shard after the other, until `limit` images have come.

    A record's shard is a hash of its key, so the first shards are a fair sample.
    """
    left = limit
    for path in paths:
        for records in read_records(path):
            if left <= 0:
                return
            yield records.part(slice(0, left))
            left -= len(records.keys)


def membership(
    records: Records, attributes: tuple[str, ...], labels: tuple[str, ...]
) -> np.ndarray:
    """Which images have each attribute, then each label: bool [n, attributes + labels]."""
    held = records.attributes[:, : len(attributes)] == 1
    of_label = np.array([[label == name for name in labels] for label in records.labels], bool)
    return np.concatenate([held, of_label.reshape(len(records.keys), len(labels))], axis=1)


def noise_for(key: bytes, seed: int, size: int) -> np.ndarray:
    """Standard normal noise, float32 [size], a function of the image's key and the seed alone.

    So two models meet the same noise, however the images are spread over workers.
    """
    digest = hashlib.blake2b(key, digest_size=16, salt=seed.to_bytes(8, "little")).digest()
    generator = np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
    return generator.standard_normal(size, dtype=np.float32)
