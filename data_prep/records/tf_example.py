"""The writer of shards: columns as tf.Examples in a gzip TFRecord file, without TensorFlow."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import google_crc32c
import numpy as np
import pyarrow as pa
from isal import isal_zlib
from tfx_bsl.coders import example_coder

from data_prep.records.arrow import binary_parts

GZIP_LEVEL = 1  # ISA-L's level 1: the size of zlib's level 1 to 6 at a seventh of the time
PROBE = 256 << 10  # bytes of a shard that show how well it compresses
WORTHWHILE = 0.85
LARGE = 64  # bytes
_CRC_MASK = 0xA282EAD8


class Sink(Protocol):
    """A place to write bytes to."""

    def write(self, data: bytes, /) -> int: ...


def encode_examples(columns: Mapping[str, pa.Array | np.ndarray]) -> list[bytes]:
    """Returns serialized tf.Examples, one a row, the same bytes in every process.

    The encoder orders a message's features by a hash that is salted per process. So each
    feature is encoded as an Example of its own, and a row's Examples are joined in the
    order of their names: to protocol buffers, joined messages are one merged message.

    columns: feature name -> n values: an Arrow array of large_binary, or a numpy array
      of int64 or float32, [n] or [n, k] (k values a row).
    """
    parts = [_encode(name, columns[name]) for name in sorted(columns)]
    return [b"".join(row) for row in zip(*parts, strict=True)]


def _encode(name: str, values: pa.Array | np.ndarray) -> list[bytes]:
    if not isinstance(values, np.ndarray) and len(values) > 1:
        data, offsets = binary_parts(values)
        size = int(offsets[1] - offsets[0])
        if size >= LARGE and (np.diff(offsets) == size).all():
            # Values of one size differ in nothing but themselves, which come last.
            head = _encode_feature(name, values.slice(0, 1))[0][:-size]
            view = data.data
            return [head + view[at : at + size] for at in offsets[:-1].tolist()]
    return _encode_feature(name, values)


def _encode_feature(name: str, values: pa.Array | np.ndarray) -> list[bytes]:
    width = 1
    if isinstance(values, np.ndarray):
        width = values.shape[1] if values.ndim == 2 else 1
        values = pa.array(values.reshape(-1))
    offsets = pa.array(np.arange(len(values) // width + 1, dtype=np.int64) * width)
    column = pa.LargeListArray.from_arrays(offsets, values)
    batch = pa.RecordBatch.from_arrays([column], [name])
    return example_coder.RecordBatchToExamplesEncoder(None).encode(batch)


def frame(records: Sequence[bytes]) -> Iterator[bytes]:
    """Yields the pieces of a TFRecord file: length, masked CRC of it, data, masked CRC of it."""
    heads: dict[int, bytes] = {}
    for record in records:
        size = len(record)
        head = heads.get(size)
        if head is None:
            length = size.to_bytes(8, "little")
            head = heads[size] = length + masked_crc(length)
        yield head
        yield record
        yield masked_crc(record)


def masked_crc(data: bytes) -> bytes:
    """Returns TFRecord's checksum: CRC-32C, rotated and shifted, as 4 bytes."""
    crc = google_crc32c.value(data)
    rotated = ((crc >> 15) | (crc << 17)) + _CRC_MASK
    return (rotated & 0xFFFFFFFF).to_bytes(4, "little")


def write_examples(batches: Iterable[Mapping[str, Any]], sink: Sink) -> int:
    """Writes batches of columns as one gzip TFRecord file; returns the number of records."""
    compressor: Any = None
    count = 0
    for columns in batches:
        records = encode_examples(columns)
        count += len(records)
        data = b"".join(frame(records))
        compressor = compressor or _compressor(data)
        sink.write(compressor.compress(data))
    sink.write((compressor or _compressor(b"")).flush())
    return count


def _compressor(first: bytes) -> Any:
    """Returns a gzip compressor, which stores what hardly shrinks, such as photos."""
    shrinks = len(isal_zlib.compress(first[:PROBE], GZIP_LEVEL)) < WORTHWHILE * len(first[:PROBE])
    if first and not shrinks:
        return zlib.compressobj(0, zlib.DEFLATED, 31)
    return isal_zlib.compressobj(level=GZIP_LEVEL, wbits=31)
