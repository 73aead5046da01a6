"""What a data source does for the job, and the values that pass between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from data_prep.inputs import InputFile


class ImageSpec(NamedTuple):
    height: int
    width: int
    channels: int
    ink: str  # "black" or "white": the colour of the lines; "none" for photos

    @property
    def size(self) -> int:
        """Bytes of an image."""
        return self.height * self.width * self.channels


class Chunk(NamedTuple):
    """A part of an input file that one worker reads at a time."""

    file: InputFile
    file_index: int
    number: int  # within the file
    start: int  # in bytes
    stop: int
    lost: bool = False  # begins inside damaged bytes


class Reject(NamedTuple):
    """One input that did not become a record, and where it stands."""

    reason: str
    unit: str  # "byte", "line" or "row": what `position` counts
    position: int  # lines are counted from the start of the chunk, the others of the file
    key: str = ""
    detail: str = ""


class Records(NamedTuple):
    """What a chunk holds: the good records as columns, the others as rejects."""

    keys: pa.Array  # large_binary [n]
    labels: pa.Array | None  # large_binary [n]
    payloads: pa.Array  # large_binary [n], what `make` needs to make the image
    recognized: np.ndarray | None  # bool [n], where the source knows
    rejects: list[Reject]
    lines: int = 0  # in the chunk, for sources whose positions are lines


class Source(Protocol):
    """A kind of raw data. Instances are pickled to the workers."""

    image: ImageSpec

    @property
    def extensions(self) -> tuple[str, ...]:
        """The endings of the files it reads, with the dot."""

    def estimate(self, file: InputFile) -> float:
        """The number of records, from the file's size alone."""

    def chunks(self, file: InputFile, file_index: int) -> Iterator[Chunk]:
        """Cuts a file into parts that can be read apart from each other."""

    def read(self, chunk: Chunk) -> Records:
        """Reads a part. Never raises for what the file holds."""

    def make(self, payloads: pa.Array) -> Mapping[str, Any]:
        """Feature columns of a batch, all but key and label (see encode_examples)."""
