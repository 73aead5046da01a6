"""The reader of Quick Draw: `.bin`, `.ndjson` (simplified or raw) and `.npy` bitmaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_prep import features
from data_prep.config import PrepConfig
from data_prep.config_base import require
from data_prep.errors import InputError
from data_prep.features import ImageSpec
from data_prep.filesystem import InputFile, open_raw, read_range
from data_prep.formats import quickdraw_binary as drawings
from data_prep.formats import quickdraw_ndjson
from data_prep.pixels import rasterize
from data_prep.records.arrow import (
    binary_array,
    binary_parts,
    image_column,
    joined_bytes,
    large_binary,
)
from data_prep.sources import quickdraw_npy
from data_prep.sources.base import Chunk, DecodedBatch, Reader, RecordBlock, Reject, image_columns

CHUNK = 8 << 20  # bytes; about 60 thousand drawings of a .bin
MAX_LINE = 16 << 20  # bytes; a longer line of ndjson is rejected, not held in memory
# Mean sizes over the whole data set, for the number of shards.
_BYTES_A_DRAWING = {".bin": 130, ".ndjson": 600, ".npy": quickdraw_npy.PIXELS}


class QuickDrawReader(Reader):
    """The reader of any mix of `.bin` and `.ndjson`, or of `.npy` alone."""

    def __init__(self, config: PrepConfig, files: Sequence[InputFile]):
        if config.split_by not in ("auto", "key"):
            raise InputError(f"split_by: got {config.split_by!r}, allowed: key, for drawings")
        self.shares = config.splits
        kinds = {file.extension for file in files}
        self.side, self.rasterizer = config.image_size, config.rasterizer
        self.bitmaps = ".npy" in kinds
        if self.bitmaps:
            if len(kinds) > 1:
                raise InputError("input: .npy bitmaps and stroke files cannot be mixed")
            require(self.rasterizer == "official", "rasterizer", self.rasterizer,
                    "official: numpy_bitmap files are already rasterized")  # fmt: skip
            require(self.side in quickdraw_npy.SIDES, "image_size", self.side,
                    "28 for numpy_bitmap files, or 32 (2 pixels of background around)")  # fmt: skip
        else:
            self.pixel_version = rasterize.VERSION[self.rasterizer]
            self.warnings = rasterize.warnings_about(self.side, self.rasterizer)
            self.extras = (features.COUNTRYCODE, features.RECOGNIZED, features.TIMESTAMP)
        ink = quickdraw_npy.INK if self.bitmaps else rasterize.INK[self.rasterizer]
        self.image = ImageSpec(self.side, self.side, 1, ink)

    def estimate(self, files: Sequence[InputFile]) -> float:
        return sum(file.size / _BYTES_A_DRAWING[file.extension] for file in files)

    def chunks(self, files: tuple[InputFile, ...], group: int) -> Iterator[Chunk]:
        (file,) = files
        if file.size <= CHUNK:
            cuts = iter([(0, file.size, False)])
        elif file.extension == ".bin":
            cuts = _cut_records(file)
        else:  # lines and rows are found again from any byte
            starts = range(0, file.size, CHUNK)
            cuts = ((start, min(start + CHUNK, file.size), False) for start in starts)
        for number, (start, stop, lost) in enumerate(cuts):
            yield Chunk(files, group, number, start, stop, lost)

    def read(self, chunk: Chunk, side: None) -> Iterator[RecordBlock]:
        if chunk.file.size == 0:
            yield RecordBlock.of_rejects(Reject("empty_file", "byte", 0))
        elif chunk.file.extension == ".ndjson":
            yield _read_lines(chunk)
        elif not chunk.file.stem:
            detail = "the file's name is the word"
            yield RecordBlock.of_rejects(Reject("empty_word", "byte", chunk.start, detail=detail))
        elif chunk.file.extension == ".npy":
            keys, rows, rejects = quickdraw_npy.read_rows(chunk)
            labels = large_binary([chunk.file.stem.encode()] * len(keys))
            yield RecordBlock(large_binary(keys), labels, image_column(rows), rejects)
        else:
            yield _read_records(chunk)

    def decode(self, payloads: pa.Array) -> DecodedBatch:
        if self.bitmaps:
            images = quickdraw_npy.pad(joined_bytes(payloads), self.side)
            return DecodedBatch(image_columns(images, self.image))
        data, offsets = binary_parts(payloads)
        images = rasterize.rasterize(data, offsets, self.side, self.rasterizer)
        _, codes, recognized, timestamps = drawings.headers(data, offsets)
        countries = binary_array(codes, np.arange(len(images) + 1) * 2)
        columns = {
            features.COUNTRYCODE: pc.if_else(pc.equal(countries, b"\0\0"), b"", countries),
            features.RECOGNIZED: recognized,
            features.TIMESTAMP: timestamps,
        }
        return DecodedBatch(columns | image_columns(images, self.image))


def _cut_records(file: InputFile) -> Iterator[tuple[int, int, bool]]:
    """Cuts a large `.bin` where one whole record follows another."""
    window = CHUNK + drawings.LOOKAHEAD
    begin, begin_lost = 0, False  # of the chunk under way
    at, lost, buffer = 0, False, b""
    with open_raw(file.path) as stream:
        while at < file.size:
            buffer += stream.read(window - len(buffer))
            eof = at + len(buffer) >= file.size
            data = np.frombuffer(buffer, np.uint8)
            consumed, records, _, still_lost = drawings.scan(data, eof, lost)
            starts = records[1:, 0][records[1:, 0] == records[:-1, 1]] + at
            for cut in _cuts(begin, starts):
                yield begin, cut, begin_lost
                begin, begin_lost = cut, False
            at, buffer, lost = at + consumed, buffer[consumed:], still_lost
            if lost and at - begin >= 4 * CHUNK:  # nothing readable for long: cut anywhere
                yield begin, at, begin_lost
                begin, begin_lost = at, True
    if begin < file.size:
        yield begin, file.size, begin_lost


def _cuts(begin: int, starts: np.ndarray) -> Iterator[int]:
    """Yields the starts of records that lie a chunk's size apart."""
    while True:
        at = np.searchsorted(starts, begin + CHUNK)
        if at == len(starts):
            return
        begin = int(starts[at])
        yield begin


def _read_records(chunk: Chunk) -> RecordBlock:
    """Reads a chunk of a `.bin`."""
    data = np.frombuffer(read_range(chunk.file.path, chunk.start, chunk.stop), np.uint8)
    _, records, spans, _ = drawings.scan(data, True, chunk.lost)
    rejects = [
        Reject(
            "truncated" if chunk.start + stop == chunk.file.size else "damaged",
            "byte",
            chunk.start + int(start),
            detail=f"{stop - start} bytes that are no whole record",
        )
        for start, stop in spans
    ]
    if len(spans):
        data = np.concatenate([data[:0], *(data[start:stop] for start, stop in records)])
    offsets, reasons = drawings.split_records(data)
    key_ids, _, recognized, _ = drawings.headers(data, offsets)
    for i in np.flatnonzero(reasons):
        at, reason = chunk.start + int(records[i, 0]), drawings.DRAWING_REASONS[reasons[i]]
        rejects.append(Reject(reason, "byte", at, str(int(key_ids[i]))))
    good = reasons == 0
    keys = drawings.decimals(key_ids[good])
    labels = large_binary([chunk.file.stem.encode()] * len(keys))
    payloads = binary_array(data, offsets).filter(pa.array(good))
    return RecordBlock(keys, labels, payloads, rejects, recognized=recognized[good] > 0)


def _read_lines(chunk: Chunk) -> RecordBlock:
    """Reads a chunk of an `.ndjson`."""
    block, too_long = _whole_lines(chunk)
    lines = quickdraw_ndjson.parse_lines(block)
    bad = lines.reason != ""
    rejects = [
        Reject(lines.reason[i], "line", int(lines.line[i]), lines.keys[i].as_py()[:40])
        for i in np.flatnonzero(bad)
    ]
    count = block.count(b"\n")
    if too_long:
        detail = f"over {MAX_LINE >> 20} MiB"
        rejects.append(Reject("line_too_long", "line", count, detail=detail))
        count += 1
    # Records of rejected lines take no bytes, so dropping their rows drops nothing else.
    good = pa.array(~bad)
    payloads = binary_array(lines.data, lines.offsets).filter(good)
    key_ids, _, recognized, _ = drawings.headers(*binary_parts(payloads))
    keys, words = drawings.decimals(key_ids), lines.words.cast(pa.large_binary()).filter(good)
    return RecordBlock(keys, words, payloads, rejects, count, recognized > 0)


def _whole_lines(chunk: Chunk) -> tuple[bytes, bool]:
    """Returns the lines that begin in the chunk, and whether the last one was too long."""
    with open_raw(chunk.file.path) as stream:
        before = min(chunk.start, 1)
        stream.seek(chunk.start - before)
        block = stream.read(chunk.stop - chunk.start + before)
        if before:  # the line under way at the start belongs to the chunk before
            newline = block.find(b"\n")
            if newline < 0:
                return b"", False
            block = block[newline + 1 :]
        if not block or block.endswith(b"\n"):
            return block, False
        tail = [block]
        size = len(block) - (block.rfind(b"\n") + 1)
        while size <= MAX_LINE:
            more = stream.read(1 << 20)
            newline = more.find(b"\n")
            if newline >= 0 or not more:
                tail.append(more[: newline + 1])
                return b"".join(tail), False
            tail.append(more)
            size += len(more)
    return block[: block.rfind(b"\n") + 1], True
