"""The base of all readers of encoded pictures: plain files or zip members, read late.

Only the place of a picture is routed; the worker that makes a shard reads, decodes, crops and
resizes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import pyarrow as pa

from data_prep.config import PrepConfig
from data_prep.features import ImageSpec
from data_prep.filesystem import InputFile, open_raw, read_whole
from data_prep.formats import zip_directory
from data_prep.formats.pictures import PICTURES
from data_prep.pixels.decode import Fitter, Picture, decode
from data_prep.records.arrow import binary_parts, large_binary
from data_prep.sources.base import Chunk, DecodedBatch, Reader, RecordBlock, Reject, image_columns

GROUP = 4096  # plain files listed together
MAX_BYTES = 64 << 20  # of an encoded picture
_PLAIN = 0xFFFF  # the method of a file that is no zip member

# The place of a picture, as zips have it.
PLACE = np.dtype(
    [("offset", "<u8"), ("size", "<u8"), ("full", "<u8"), ("crc", "<u4"), ("method", "<u2")]
)


class Located(NamedTuple):
    """The pictures of a chunk, and the entries that are none."""

    names: list[str]  # as in the archive, or the path
    places: np.ndarray  # [n], of the reader's `place`
    paths: list[str]  # of the file or archive
    rejects: list[Reject]

    def pack(self, good: np.ndarray) -> pa.Array:
        """Returns the payloads of the pictures chosen by bool [n]: the place, then the path."""
        rows = np.flatnonzero(good)
        return large_binary([self.places[i].tobytes() + self.paths[i].encode() for i in rows])


class EncodedImagesReader(Reader):
    """The base of the readers whose records are encoded pictures.

    Attributes:
      place: the fixed part of a payload, PLACE and what a subclass adds; the file's path follows.
    """

    place: np.dtype = PLACE

    def __init__(self, config: PrepConfig, channels: int):
        self.config, self.shares = config, config.splits
        side = config.image_size
        self.image = ImageSpec(side, side, channels, "none")

    def groups(self, files: Sequence[InputFile]) -> list[tuple[InputFile, ...]]:
        archives = [(file,) for file in files if file.extension == ".zip"]
        plain = [file for file in files if file.extension in PICTURES]
        return [*archives, *(tuple(plain[i : i + GROUP]) for i in range(0, len(plain), GROUP))]

    def estimate(self, files: Sequence[InputFile]) -> float:
        archives = [f for f in files if f.extension == ".zip"]
        plain = sum(f.extension in PICTURES for f in files)
        return plain + sum(zip_directory.find_directory(f).entries for f in archives)

    def chunks(self, files: tuple[InputFile, ...], group: int) -> Iterator[Chunk]:
        file = files[0]
        if file.extension != ".zip":
            yield Chunk(files, group, 0, 0, sum(f.size for f in files))
            return
        directory = zip_directory.find_directory(file)
        length = max(1, directory.stop - directory.start)
        for number, (start, stop) in enumerate(zip_directory.cut_directory(file, directory)):
            # Progress is counted in bytes of the archive, not of its directory.
            before, after = ((at - directory.start) * file.size // length for at in (start, stop))
            yield Chunk(files, group, number, start, stop, weight=after - before)

    def read(self, chunk: Chunk, side: Any) -> Iterator[RecordBlock]:
        zipped = chunk.file.extension == ".zip"
        locate = _in_archive if zipped else _plain_files
        yield self.describe(locate(chunk, self.place), side)

    def describe(self, located: Located, side: Any) -> RecordBlock:
        """Returns the keys, labels and so on of the pictures."""
        raise NotImplementedError

    def fitter(self) -> Fitter:
        return Fitter(self.config.crop, self.config.image_size)

    def accepts(self, picture: Picture) -> str:
        """Returns the reason why a decoded picture is refused, or ""."""
        return ""

    def more_columns(self, places: np.ndarray) -> dict[str, Any]:
        """Returns the columns besides the image's, from `place` [n]."""
        return {}

    def decode(self, payloads: pa.Array) -> DecodedBatch:
        cv2.setNumThreads(1)  # parallelism is Beam's
        places, paths = unpack(payloads, self.place)
        spec, fitter = self.image, self.fitter()
        images = np.empty((len(places), spec.height, spec.width, spec.channels), np.uint8)
        rejects = []
        for row, data in _read(places, paths):
            reason = self._draw(data, fitter, images[row])
            if reason:
                rejects.append((row, Reject(reason, "", 0, path=paths[row])))
        if rejects:
            keep = np.ones(len(places), np.bool_)
            keep[[row for row, _ in rejects]] = False
            images, places = images[keep], places[keep]
        rejects.sort(key=lambda pair: pair[0])
        return DecodedBatch(image_columns(images, spec) | self.more_columns(places), rejects)

    def _draw(self, data: bytes | str | None, fitter: Fitter, out: np.ndarray) -> str:
        if not isinstance(data, bytes):
            return data or "unreadable"
        picture = decode(data, self.image.channels, fitter)
        if isinstance(picture, str):
            return picture
        return self.accepts(picture) or fitter.fit(picture, out)


def unpack(payloads: pa.Array, place: np.dtype) -> tuple[np.ndarray, list[str]]:
    """Returns the places [n] and the paths of payloads; the inverse of `Located.pack`."""
    data, offsets = binary_parts(payloads)
    whole = data.tobytes() if len(payloads) else b""
    starts, stops = offsets[:-1].tolist(), offsets[1:].tolist()
    size = place.itemsize
    fixed = b"".join(whole[start : start + size] for start in starts)
    paths = [whole[a + size : b].decode() for a, b in zip(starts, stops, strict=True)]
    return np.frombuffer(fixed, place), paths


def _read(places: np.ndarray, paths: Sequence[str]) -> Iterator[tuple[int, bytes | str]]:
    """Yields (row, contents or the reason why not), archives from front to back."""
    rows = places.tolist()  # Python's own numbers, at a tenth of the cost of numpy's scalars
    order = sorted(range(len(rows)), key=lambda row: (paths[row], rows[row]))
    path, archive = "", None
    try:
        for row in order:
            if rows[row][zip_directory.METHOD] == _PLAIN:
                try:
                    yield row, read_whole(paths[row])
                except Exception:  # every filesystem raises its own kinds
                    yield row, "unreadable"
                continue
            if paths[row] != path:
                if archive is not None:
                    archive.close()
                path, archive = paths[row], open_raw(paths[row])
            yield row, zip_directory.read_member(archive, rows[row])  # type: ignore[arg-type]
    finally:
        if archive is not None:
            archive.close()


def _plain_files(chunk: Chunk, place: np.dtype) -> Located:
    places = np.zeros(len(chunk.files), place)
    places["method"] = _PLAIN
    paths = [file.path for file in chunk.files]
    big = [i for i, file in enumerate(chunk.files) if file.size > MAX_BYTES]
    rejects = [Reject("too_large", "", 0, path=paths[i]) for i in big]
    keep = [i for i in range(len(paths)) if i not in set(big)]
    paths = [paths[i] for i in keep]
    return Located(paths, places[keep], paths, rejects)


def _in_archive(chunk: Chunk, place: np.dtype) -> Located:
    rows, block, unread = zip_directory.read_entries(chunk.file.path, chunk.start, chunk.stop)
    rejects = []
    if unread:
        at = chunk.stop - unread
        detail = f"{unread} bytes of the archive's directory are no entry"
        rejects.append(Reject("damaged", "byte", at, detail=detail))
    names: list[str] = []
    keep: list[int] = []
    for i, row in enumerate(rows.tolist()):
        at, size = row[zip_directory.NAME_AT], row[zip_directory.NAME_SIZE]
        name = block[at : at + size].decode("utf-8", "replace")
        if name.endswith("/") or name.startswith("__MACOSX/"):
            continue  # folders, and the shadows that macOS writes
        reason = _refuse(name, row)
        if reason:
            position = chunk.start + at - 46
            rejects.append(Reject(reason, "byte", position, name[:200]))
        else:
            names.append(name)
            keep.append(i)
    places = np.zeros(len(keep), place)
    chosen = rows[keep]
    for column, field in enumerate(("offset", "size", "full", "crc", "method")):
        places[field] = chosen[:, column]
    return Located(names, places, [chunk.file.path] * len(names), rejects)


def _refuse(name: str, row: Sequence[int]) -> str:
    if not zip_directory.safe_name(name):
        return "unsafe_name"
    if not name.lower().endswith(PICTURES):
        return "not_a_picture"
    if row[zip_directory.FLAGS] & 1:
        return "encrypted"
    if row[zip_directory.METHOD] not in (zip_directory.STORED, zip_directory.DEFLATED):
        return "unknown_compression"
    sizes = row[zip_directory.SIZE], row[zip_directory.FULL]
    if max(sizes) > MAX_BYTES or min(sizes) < 0:
        return "too_large"
    return ""
