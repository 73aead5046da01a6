"""The reader of a data source: what it does for the job, and the values that pass between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from data_prep import features
from data_prep.features import ImageSpec
from data_prep.filesystem import InputFile
from data_prep.pixels.statistics import image_stats
from data_prep.records.arrow import image_column, large_binary


class Chunk(NamedTuple):
    """A part of the input that one worker reads at a time."""

    files: tuple[InputFile, ...]  # one, or many small ones read as a group
    group: int
    number: int  # within the group
    start: int  # in bytes of the one file
    stop: int
    lost: bool = False  # begins inside damaged bytes
    weight: int = -1  # bytes of input that it stands for; -1: stop - start

    @property
    def bytes_of_input(self) -> int:
        return self.stop - self.start if self.weight < 0 else self.weight

    @property
    def file(self) -> InputFile:
        return self.files[0]


class Reject(NamedTuple):
    """An input that did not become a record, and its place."""

    reason: str
    unit: str  # "byte", "line", "row" or "" where the path alone tells
    position: int  # lines are counted from the start of the chunk, the others of the file
    key: str = ""
    detail: str = ""
    path: str = ""  # empty: the chunk's file


class RecordBlock(NamedTuple):
    """A block of a chunk's records: the good ones as columns, the others as rejects."""

    keys: pa.Array  # large_binary [n]
    labels: pa.Array | None  # large_binary [n]
    payloads: pa.Array  # large_binary [n], what `decode` needs to draw the image
    rejects: list[Reject]
    lines: int = 0  # in the block, for sources whose positions are lines
    recognized: np.ndarray | None = None  # bool [n], where the source knows
    split_keys: pa.Array | None = None  # large_binary [n], hashed for the split; None: the keys
    splits: np.ndarray | None = None  # int64 [n], indices of SPLITS; None: by hash
    matched: np.ndarray | None = None  # int64, rows of the lists that belong to these records

    @staticmethod
    def of_rejects(*rejects: Reject) -> RecordBlock:
        """Returns a block without records."""
        empty = large_binary([])
        return RecordBlock(empty, empty, empty, list(rejects))


class DecodedBatch(NamedTuple):
    """A batch of examples: feature columns of the good records, and the rejects by row."""

    columns: Mapping[str, Any]  # all but key and label (see encode_examples)
    rejects: Sequence[tuple[int, Reject]] = ()


class Reader:
    """The code that reads the files of a source. Instances are pickled to the workers.

    By default each file is read on its own, records have labels, and there are no lists.
    """

    image: ImageSpec
    attributes: tuple[str, ...] = ()  # names, in the order of the `attributes` feature
    extras: tuple[str, ...] = ()  # features besides image, key, label, attributes and statistics
    labelled: bool = True
    pixel_version: int = 1  # raised when the same records become other pixels
    warnings: tuple[str, ...] = ()  # in words, about the images that the config asks for
    shares: tuple[float, ...]  # of the records in each split, to size the shards

    def groups(self, files: Sequence[InputFile]) -> list[tuple[InputFile, ...]]:
        """Returns the groups of files that are cut and read together."""
        return [(file,) for file in files]

    def estimate(self, files: Sequence[InputFile]) -> float:
        """Returns the number of records, from sizes alone."""
        raise NotImplementedError

    def chunks(self, files: tuple[InputFile, ...], group: int) -> Iterator[Chunk]:
        """Cuts a group into parts that can be read apart from each other."""
        raise NotImplementedError

    def side_input(self) -> Any:
        """Returns the tables that every `read` looks things up in, or None; once a worker."""
        return None

    def read(self, chunk: Chunk, side: Any) -> Iterator[RecordBlock]:
        """Reads a chunk. Damage in the file makes rejects and never raises."""
        raise NotImplementedError

    def decode(self, payloads: pa.Array) -> DecodedBatch:
        """Returns the images and other features of a batch of payloads."""
        raise NotImplementedError

    def unmatched(self, matched: np.ndarray) -> list[str]:
        """Returns the names in the source's lists without a record; `matched`: rows with one."""
        return []


def image_columns(images: np.ndarray, spec: ImageSpec) -> dict[str, Any]:
    """Returns the columns that every image has, from uint8 [n, height, width(, channels)]."""
    mean, std, ink = image_stats(images, spec.ink)
    return {
        features.IMAGE: image_column(images),
        features.IMAGE_MEAN: mean,
        features.IMAGE_STD: std,
        features.INK: ink,
    }
