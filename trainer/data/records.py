"""Images of a data set as numpy arrays, read back from its shards."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from data_prep import features

BATCH = 256
_SPECS = {
    features.KEY: tf.io.FixedLenFeature([], tf.string),
    features.IMAGE: tf.io.FixedLenFeature([], tf.string),
    features.LABEL: tf.io.FixedLenFeature([], tf.string, ""),
    features.COUNTRYCODE: tf.io.FixedLenFeature([], tf.string, ""),
    features.ATTRIBUTES: tf.io.RaggedFeature(tf.int64),
}


class Records(NamedTuple):
    """n images with what is known of them."""

    keys: list[bytes]
    labels: list[str]  # "" where an image has none
    images: np.ndarray  # uint8 [n, height, width, channels]
    attributes: np.ndarray  # 0 or 1, int64 [n, names]; no names where the data has none

    def rows(self, chosen: slice | Sequence[int] | np.ndarray) -> Records:
        """Returns the records at these positions, in that order."""
        indices = np.arange(len(self.keys))[chosen]
        keys, labels = ([column[i] for i in indices] for column in (self.keys, self.labels))
        return Records(keys, labels, self.images[chosen], self.attributes[chosen])


def read_features(
    paths: Iterable[str], names: Sequence[str], batch: int = BATCH
) -> Iterator[dict[str, np.ndarray]]:
    """Yields the named features of one shard after the other, in batches, of which the last of a
    shard may be smaller: name -> bytes [n], or int64 [n, names] for the attributes.

    paths: gzip TFRecord files, on any filesystem that TensorFlow reads.
    names: features of `data_prep.features` that are strings, or the attributes.
    """
    specs = {name: _SPECS[name] for name in names}
    for path in paths:
        shard = tf.data.TFRecordDataset(path, compression_type="GZIP").batch(batch)
        for parsed in shard.map(lambda part: tf.io.parse_example(part, specs)).prefetch(2):
            if features.ATTRIBUTES in parsed:
                parsed[features.ATTRIBUTES] = parsed[features.ATTRIBUTES].to_tensor()
            yield {name: values.numpy() for name, values in parsed.items()}


def read_records(
    paths: Iterable[str],
    shape: tuple[int, int, int],
    *,
    batch: int = BATCH,
    limit: int = sys.maxsize,
) -> Iterator[Records]:
    """Yields at most `limit` images of that shape of one shard after the other, in batches.

    A record's shard is a hash of its key, so the first shards are a fair sample.
    """
    names = (features.KEY, features.LABEL, features.IMAGE, features.ATTRIBUTES)
    left = limit
    for columns in read_features(paths, names, batch):
        if left <= 0:
            return
        records = Records(
            keys=columns[features.KEY].tolist(),
            labels=[label.decode("utf-8", "replace") for label in columns[features.LABEL]],
            images=np.frombuffer(b"".join(columns[features.IMAGE]), np.uint8).reshape(-1, *shape),
            attributes=columns[features.ATTRIBUTES],
        )
        yield records.rows(slice(0, left))
        left -= len(records.keys)


def concatenate(batches: Iterable[Records]) -> Records | None:
    """Returns all batches as one; None where there is none."""
    columns = list(zip(*batches, strict=True))
    if not columns:
        return None
    keys, labels, images, attributes = columns
    return Records(
        [key for part in keys for key in part],
        [label for part in labels for label in part],
        np.concatenate(images),
        np.concatenate(attributes),
    )


def to_pixels(images: np.ndarray) -> np.ndarray:
    """Returns float images in [0, 1] as uint8, rounded; values outside are clipped, NaN is 0."""
    return np.rint(np.nan_to_num(images).clip(0, 1) * 255).astype(np.uint8)


def membership(
    records: Records, attributes: tuple[str, ...], labels: tuple[str, ...]
) -> np.ndarray:
    """Returns which images have each attribute, then each label: bool [n, attributes + labels]."""
    held = records.attributes[:, : len(attributes)] == 1
    of_label = np.array([[label == name for name in labels] for label in records.labels], bool)
    return np.concatenate([held, of_label.reshape(len(records.keys), len(labels))], axis=1)


def noise_for(key: bytes, seed: int, size: int) -> np.ndarray:
    """Returns standard normal noise, float32 [size], a function of the image's key and the seed.

    So two models meet the same noise, however the images are spread over workers.
    """
    digest = hashlib.blake2b(key, digest_size=16, salt=seed.to_bytes(8, "little")).digest()
    generator = np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
    return generator.standard_normal(size, dtype=np.float32)
