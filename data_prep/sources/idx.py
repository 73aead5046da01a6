"""The reader of IDX files: MNIST, Fashion-MNIST and kin, gzip or plain."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

from data_prep.config import PrepConfig
from data_prep.config_base import require
from data_prep.errors import InputError
from data_prep.features import ImageSpec
from data_prep.filesystem import InputFile, open_raw
from data_prep.records.arrow import binary_parts, image_column, joined_bytes, large_binary
from data_prep.records.key_hash import key_hashes, split_indices
from data_prep.sources.base import Chunk, DecodedBatch, Reader, RecordBlock, Reject, image_columns

BLOCK = 8192  # images read at a time
_IMAGES, _LABELS = 0x803, 0x801  # magic numbers: uint8 of 3 and of 1 dimensions


class Head(NamedTuple):
    """The head of an image file."""

    images: int
    height: int
    width: int


class IdxReader(Reader):
    """The reader of images and labels, paired by name: …images-idx3-ubyte, …labels-idx1-ubyte."""

    def __init__(self, config: PrepConfig, files: Sequence[InputFile]):
        self.config, self.shares = config, config.splits
        pairs = self.groups(files)
        for _, labels in pairs:
            _check_labels(labels)
        heads = {(h.height, h.width) for h in (_head(pair[0]) for pair in pairs)}
        if len(heads) > 1:
            raise InputError(f"input: image files of different sizes {sorted(heads)}")
        ((self.height, self.width),) = heads
        side = max(self.height, self.width)
        allowed = f"0 (none) or a side of at least {side}"
        require(not config.pad or config.pad >= side, "pad", config.pad, allowed)
        self.image = ImageSpec(config.pad or self.height, config.pad or self.width, 1, "white")
        require(config.split_by != "identity", "split_by", config.split_by, "key or partition")
        if config.split_by == "partition":
            self.shares = self._official_shares(pairs)

    def groups(self, files: Sequence[InputFile]) -> list[tuple[InputFile, ...]]:
        """Returns pairs of (image file, label file)."""
        labels = {f.name.replace(".gz", ""): f for f in files if "labels-idx1" in f.name}
        pairs: list[tuple[InputFile, ...]] = []
        parts: dict[str, str] = {}  # a record's key is its part and row
        for file in files:
            if "images-idx3" in file.name:
                name = file.name.replace(".gz", "").replace("images-idx3", "labels-idx1")
                if name not in labels:
                    raise InputError(f"input {file.path}: its labels ({name}) are not there")
                pairs.append((file, labels[name]))
                before = parts.setdefault(_part(file), file.path)
                if before.removesuffix(".gz") != file.path.removesuffix(".gz"):
                    raise InputError(
                        f"input {file.path}: a second {_part(file)} part, beside {before}; "
                        "prepare them apart"
                    )
        if not pairs:
            raise InputError("input: no …images-idx3-ubyte file, plain or .gz")
        return pairs

    def _official_shares(self, pairs: Sequence[tuple[InputFile, ...]]) -> tuple[float, ...]:
        sizes = {"train": 0, "test": 0}
        for images, _ in pairs:
            sizes[_part(images)] += _head(images).images
        if not all(sizes.values()):
            raise InputError("split_by: partition needs both the train and the t10k files")
        return official_shares(self.config, sizes["test"] / sum(sizes.values()))

    def estimate(self, files: Sequence[InputFile]) -> float:
        return sum(
            min(_head(images).images, _most_bytes(images) // (self.height * self.width))
            for images, _ in self.groups(files)
        )

    def chunks(self, files: tuple[InputFile, ...], group: int) -> Iterator[Chunk]:
        yield Chunk(files, group, 0, 0, sum(f.size for f in files))

    def read(self, chunk: Chunk, side: None) -> Iterator[RecordBlock]:
        images, labels = chunk.files
        head = _head(images)
        part = _part(images)
        size = head.height * head.width
        with open_raw(images.path) as raw_images, open_raw(labels.path) as raw_labels:
            pixels, classes = _plain(images, raw_images), _plain(labels, raw_labels)
            _read(pixels, 16)
            promised = _label_count(_read(classes, 8))
            at = 0
            while at < head.images:
                want = min(BLOCK, head.images - at)
                data, numbers = _read(pixels, want * size), _read(classes, want)
                whole = min(len(data) // size, len(numbers))
                yield self._records(part, at, data[: whole * size], numbers[:whole], size)
                at += whole
                if whole < want:
                    break
            rejects = []
            if at < head.images:
                detail = f"the header promises {head.images} images, {at} are whole and labelled"
                rejects.append(Reject("truncated", "row", at, detail=detail))
            elif promised != head.images:
                detail = f"{promised} labels for {head.images} images"
                rejects.append(Reject("damaged", "row", at, detail=detail))
        yield RecordBlock.of_rejects(*rejects)

    def _records(
        self, part: str, first: int, data: bytes, numbers: bytes, size: int
    ) -> RecordBlock:
        """Returns the records of a block of images and their class numbers."""
        names, rejects, keep = self.config.label_names, [], []
        for i, number in enumerate(numbers):
            if names and number >= len(names):
                detail = f"label {number}, {len(names)} names"
                rejects.append(Reject("bad_label", "row", first + i, detail=detail))
            else:
                keep.append(i)
        labels = [(names[numbers[i]] if names else str(numbers[i])).encode() for i in keep]
        keys = large_binary([b"%s/%05d" % (part.encode(), first + i) for i in keep])
        pixels = image_column(np.frombuffer(data, np.uint8).reshape(-1, size))
        splits = None
        if self.config.split_by == "partition":
            splits = official_splits(keys, part == "test", self.config)
        payloads = pixels.take(pa.array(keep, pa.int64()))
        return RecordBlock(keys, large_binary(labels), payloads, rejects, splits=splits)

    def decode(self, payloads: pa.Array) -> DecodedBatch:
        images = joined_bytes(payloads).reshape(-1, self.height, self.width)
        above, left = self.image.height - self.height, self.image.width - self.width
        if above or left:
            border = ((0, 0), (above // 2, above - above // 2), (left // 2, left - left // 2))
            images = np.pad(images, border)
        return DecodedBatch(image_columns(images, self.image))


def official_shares(config: PrepConfig, test: float) -> tuple[float, float, float]:
    """Returns the shares of the splits where the official test part has the share `test`."""
    train, validation = (split / sum(config.splits[:2]) for split in config.splits[:2])
    return train * (1 - test), validation * (1 - test), test


def official_splits(keys: pa.Array, test: bool, config: PrepConfig) -> np.ndarray:
    """Returns splits, int64 [n]: test for the official test part; else train or eval by hash."""
    if test:
        return np.full(len(keys), 2, np.int64)
    hashes = key_hashes(*binary_parts(keys), config.seed)
    return split_indices(hashes, official_shares(config, 0.0)[:2])


def _part(file: InputFile) -> str:
    test = "t10k" in file.name or "test" in file.name  # emnist-letters-test-images-idx3-ubyte
    return "test" if test else "train"


def _most_bytes(file: InputFile) -> int:
    """Returns the most bytes a file can hold, whatever its header says: gzip's limit is 1/1032."""
    return file.size * (1032 if file.name.endswith(".gz") else 1)


def _plain(file: InputFile, stream: BinaryIO) -> BinaryIO:
    return gzip.GzipFile(fileobj=stream) if file.name.endswith(".gz") else stream  # type: ignore


def _read(stream: BinaryIO, size: int) -> bytes:
    """Reads up to `size` bytes; less where the file ends or its gzip stream is damaged."""
    parts, left = [], size
    # read1 hands out what is there; read would drop it where the stream breaks off.
    read = getattr(stream, "read1", stream.read)
    try:
        while left:
            block = read(min(left, 1 << 16))
            if not block:
                break
            parts.append(block)
            left -= len(block)
    except (EOFError, OSError, zlib.error):
        pass
    return b"".join(parts)


def _head(file: InputFile) -> Head:
    with open_raw(file.path) as stream:
        head = _read(_plain(file, stream), 16)
    if len(head) < 16 or struct.unpack(">I", head[:4])[0] != _IMAGES:
        raise InputError(f"input {file.path}: no IDX file of uint8 images")
    count, height, width = struct.unpack(">III", head[4:])
    if not (0 < height <= 1024 and 0 < width <= 1024):
        raise InputError(f"input {file.path}: images of {height}x{width}, allowed: 1 to 1024")
    return Head(count, height, width)


def _check_labels(file: InputFile) -> None:
    with open_raw(file.path) as stream:
        head = _read(_plain(file, stream), 4)
    if len(head) == 4 and struct.unpack(">I", head)[0] != _LABELS:  # a shorter one is cut
        raise InputError(f"input {file.path}: no IDX file of uint8 labels")


def _label_count(head: bytes) -> int:
    return struct.unpack(">I", head[4:])[0] if len(head) == 8 else 0
