"""Prepared shards as batches of uint8 images, in an order that is a function of (seed, epoch)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from data_prep import features as names
from data_prep.errors import InputError
from trainer.config import LABEL_INDEX, ImageShape

Batch = dict[str, tf.Tensor]
Arrays = dict[str, np.ndarray]

RAW = {LABEL_INDEX: names.LABEL}  # transformed feature -> raw one, where it has another name
DECODE_BATCH = 1024
SHUFFLE_BYTES = 256 * 2**20


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataSplit:
    """One split of a prepared data set, and the graph that every Example goes through."""

    patterns: tuple[str, ...]  # file patterns of the shards
    records: int  # in all of them together
    image: ImageShape
    transform: tft.TFTransformOutput
    features: tuple[str, ...] = (names.IMAGE,)  # transformed ones, inputs of the model


def decode_image(image_bytes: tf.Tensor, image: ImageShape) -> tf.Tensor:
    """Decodes raw pixels, string [batch], to uint8 [batch, height, width, channels]."""
    values = tf.io.decode_raw(image_bytes, tf.uint8)
    return tf.reshape(values, [tf.shape(image_bytes)[0], *image.as_tuple])


def make_dataset(
    source: DataSplit,
    *,
    batch_size: int,
    cache_mib: int,
    shuffle_seed: int | None = None,
    first_epoch: int = 0,
    drop_remainder: bool = False,
) -> tf.data.Dataset:
    """Returns batches of {name: tensor}, images as uint8; the last of an epoch may be short.

    Args:
      cache_mib: a split whose decoded images are at most that large is read once and stays in
        memory; a larger one is read from its shards in every epoch.
      shuffle_seed: None gives one pass in the order of the files. Otherwise endless epochs,
        each in its own order, which depends on nothing but this seed and the epoch's number.
      first_epoch: the number of the first epoch, where shuffled.

    Raises:
      InputError: when the shards hold another number of records than `source.records`.
    """
    if source.records * source.image.size <= cache_mib * 2**20:
        one_epoch = _from_memory(load(source), batch_size, shuffle_seed, drop_remainder)
    else:
        one_epoch = _from_shards(source, batch_size, shuffle_seed, drop_remainder)
    return _batches(one_epoch, shuffle_seed, first_epoch)


def from_arrays(
    arrays: Arrays, *, batch_size: int, shuffle_seed: int | None = None, first_epoch: int = 0
) -> tf.data.Dataset:
    """Returns the batches of `make_dataset` from a split that `load` has read."""
    one_epoch = _from_memory(arrays, batch_size, shuffle_seed, False)
    return _batches(one_epoch, shuffle_seed, first_epoch)


def _batches(
    one_epoch: Callable[[tf.Tensor], tf.data.Dataset], shuffle_seed: int | None, first_epoch: int
) -> tf.data.Dataset:
    if shuffle_seed is None:
        batches = one_epoch(tf.constant(0, tf.int64))
    else:
        epochs = tf.data.Dataset.range(first_epoch, np.iinfo(np.int64).max)
        batches = epochs.flat_map(one_epoch)
    # Every worker of a pool goes through all images and keeps its share of each batch.
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return batches.prefetch(4).with_options(options)


def load(source: DataSplit, rows: np.ndarray | None = None) -> Arrays:
    """Reads and decodes a split in the order of the files: {name: array [records, ...]}.

    `rows` are sorted positions of the records to keep; None keeps all.
    """
    arrays: Arrays = {}
    wanted = np.arange(source.records) if rows is None else rows
    start = 0
    chunks = _records(_files(source)).batch(DECODE_BATCH)
    chunks = chunks.map(_decoder(source), num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
    for chunk in chunks.as_numpy_iterator():
        end = start + len(chunk[names.IMAGE])
        first, last = np.searchsorted(wanted, (start, end))
        for name, values in chunk.items():
            if name not in arrays:
                arrays[name] = np.empty((len(wanted), *values.shape[1:]), values.dtype)
            arrays[name][first:last] = values[wanted[first:last] - start]
        start = end
    if start != source.records:
        raise InputError(
            f"examples: {start} records in {', '.join(source.patterns)}, "
            f"allowed: the {source.records} that manifest.json counts"
        )
    return arrays


def _from_memory(
    arrays: Arrays, batch_size: int, seed: int | None, drop_remainder: bool
) -> Callable[[tf.Tensor], tf.data.Dataset]:
    with tf.device("CPU"):  # images wait in main memory, also where there is a GPU
        tensors = {name: tf.constant(values) for name, values in arrays.items()}

    def one_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
        order = tf.range(len(arrays[names.IMAGE]))
        if seed is not None:
            order = tf.random.experimental.stateless_shuffle(order, seed=[seed, epoch])
        batches = tf.data.Dataset.from_tensor_slices(order).batch(batch_size, drop_remainder)
        return batches.map(
            lambda rows: {name: tf.gather(values, rows) for name, values in tensors.items()},
            num_parallel_calls=tf.data.AUTOTUNE,
        )

    return one_epoch


def _from_shards(
    source: DataSplit, batch_size: int, seed: int | None, drop_remainder: bool
) -> Callable[[tf.Tensor], tf.data.Dataset]:
    files, decode = _files(source), _decoder(source)
    buffer = max(batch_size, SHUFFLE_BYTES // source.image.size)

    def one_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
        if seed is None:
            records = _records(files)
        else:
            order = tf.random.experimental.stateless_shuffle(files, seed=[seed, epoch])
            records = _records(order)
            records = records.shuffle(buffer, seed=seed + epoch, reshuffle_each_iteration=False)
        batches = records.batch(batch_size, drop_remainder)
        return batches.map(decode, num_parallel_calls=tf.data.AUTOTUNE)

    return one_epoch


def _files(source: DataSplit) -> list[str]:
    files = sorted(path for pattern in source.patterns for path in tf.io.gfile.glob(pattern))
    if not files:
        raise InputError(f"examples: no file matches {', '.join(source.patterns)}")
    return files


def _records(files: Sequence[str] | tf.Tensor) -> tf.data.Dataset:
    """Returns serialized Examples of several files at a time, in an order free of timing."""
    return tf.data.Dataset.from_tensor_slices(files).interleave(
        lambda path: tf.data.TFRecordDataset(path, compression_type="GZIP"),
        cycle_length=4,
        block_length=256,
        num_parallel_calls=4,
        deterministic=True,
    )


def _decoder(source: DataSplit) -> Callable[[tf.Tensor], Batch]:
    """Returns a function from serialized Examples, string [batch], to decoded features."""
    raw_spec = source.transform.raw_feature_spec()
    spec = {raw: raw_spec[raw] for raw in (RAW.get(name, name) for name in source.features)}
    transform = source.transform.transform_features_layer()

    def decode(serialized: tf.Tensor) -> Batch:
        transformed = transform(tf.io.parse_example(serialized, spec))
        batch = {name: transformed[name] for name in source.features}
        for name, values in batch.items():
            if isinstance(values, tf.SparseTensor):
                batch[name] = tf.sparse.to_dense(values)
        batch[names.IMAGE] = decode_image(batch[names.IMAGE], source.image)
        return batch

    return decode
