"""The reader of CIFAR-10: the binary batches, all classes or some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from data_prep.config import PrepConfig
from data_prep.config_base import require
from data_prep.errors import InputError
from data_prep.features import ImageSpec
from data_prep.filesystem import InputFile, read_range
from data_prep.formats.cifar10 import LABELS, ROW, SIDE
from data_prep.records.arrow import image_column, joined_bytes, large_binary
from data_prep.sources.base import Chunk, DecodedBatch, Reader, RecordBlock, Reject, image_columns
from data_prep.sources.idx import official_shares, official_splits

CHUNK_ROWS = 2048


class Cifar10Reader(Reader):
    """The reader of the 32x32 colour images of data_batch_*.bin and test_batch.bin."""

    def __init__(self, config: PrepConfig, files: Sequence[InputFile]):
        self.config, self.shares = config, config.splits
        self.image = ImageSpec(SIDE, SIDE, 3, "none")
        require(config.split_by != "identity", "split_by", config.split_by, "key or partition")
        for word in config.words:
            require(word in LABELS, "words", word, ", ".join(LABELS))
        if config.split_by == "partition":
            tests = [file.size for file in files if _is_test(file)]
            if not tests or len(tests) == len(files):
                raise InputError("split_by: partition needs data_batch_*.bin and test_batch.bin")
            test = sum(tests) / sum(file.size for file in files)
            self.shares = official_shares(config, test)

    def estimate(self, files: Sequence[InputFile]) -> float:
        return sum(file.size for file in files) / ROW

    def chunks(self, files: tuple[InputFile, ...], group: int) -> Iterator[Chunk]:
        size = files[0].size
        step = CHUNK_ROWS * ROW
        for number, start in enumerate(range(0, max(size, 1), step)):
            yield Chunk(files, group, number, start, min(start + step, size))

    def read(self, chunk: Chunk, side: None) -> Iterator[RecordBlock]:
        file = chunk.file
        if not file.size:
            yield RecordBlock.of_rejects(Reject("empty_file", "byte", 0))
            return
        data = np.frombuffer(read_range(file.path, chunk.start, chunk.stop), np.uint8)
        rows = data[: len(data) // ROW * ROW].reshape(-1, ROW)
        first = chunk.start // ROW
        good = rows[:, 0] < len(LABELS)
        rejects = [
            Reject("bad_label", "row", first + int(i), "", f"label {rows[i, 0]}, allowed: 0 to 9")
            for i in np.flatnonzero(~good)
        ]
        if len(data) % ROW:
            detail = f"{len(data) % ROW} bytes that are no whole row of {ROW}"
            rejects.append(Reject("truncated", "row", first + len(rows), detail=detail))
        stem = file.stem.encode()
        keys = large_binary([b"%s/%05d" % (stem, first + i) for i in np.flatnonzero(good)])
        labels = large_binary([LABELS[label].encode() for label in rows[good, 0]])
        splits = None
        if self.config.split_by == "partition":
            splits = official_splits(keys, _is_test(file), self.config)
        yield RecordBlock(keys, labels, image_column(rows[good, 1:]), rejects, splits=splits)

    def decode(self, payloads: pa.Array) -> DecodedBatch:
        planes = joined_bytes(payloads).reshape(-1, 3, SIDE, SIDE)
        return DecodedBatch(image_columns(planes.transpose(0, 2, 3, 1), self.image))


def _is_test(file: InputFile) -> bool:
    return file.name.startswith("test")
