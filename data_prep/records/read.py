"""The reader of prepared shards, without TensorFlow."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from isal import igzip
from isal.igzip_lib import IsalError
from tfx_bsl.coders import example_coder

from data_prep.errors import InputError
from data_prep.filesystem import join, open_raw
from data_prep.layout import split_of
from data_prep.records.tf_example import masked_crc

_BATCH = 512


def read_records(path: str) -> Iterator[bytes]:
    """Yields the payloads of a gzip TFRecord file, in order.

    Raises:
      InputError: where the file is missing or cut short, or a checksum is wrong.
    """
    try:
        yield from _read_records(path)
    except (OSError, EOFError, zlib.error, IsalError) as error:  # type: ignore[misc]  # missing or cut
        raise InputError(f"{path}: damaged: {error}") from None


def _read_records(path: str) -> Iterator[bytes]:
    with open_raw(path) as raw, igzip.IGzipFile(fileobj=raw) as stream:
        while head := stream.read(12):
            if len(head) == 12 and masked_crc(head[:8]) == head[8:]:
                (size,) = struct.unpack("<Q", head[:8])
                data, check = stream.read(size), stream.read(4)
                if len(data) == size and masked_crc(data) == check:
                    yield data
                    continue
            raise InputError(f"{path}: damaged: a record's length or checksum is wrong")


def read_examples(directory: str, shards: Any, split: str) -> Iterator[Mapping[str, list]]:
    """Yields the examples of a split: feature name -> list of values (bytes, int or float)."""
    decoder = example_coder.ExamplesToRecordBatchDecoder()
    for shard in shards:
        if split_of(shard["path"]) != split:
            continue
        batch: list[bytes] = []
        for record in read_records(join(directory, shard["path"])):
            batch.append(record)
            if len(batch) == _BATCH:
                yield from decoder.DecodeBatch(batch).to_pylist()
                batch = []
        if batch:
            yield from decoder.DecodeBatch(batch).to_pylist()
