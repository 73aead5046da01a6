"""Zip archives by their central directory: listed in parts, members read in place.

Nothing is unpacked and nothing is read twice. The directory of a large archive is cut
into parts that workers read apart, so that no process holds all its names. The format is
PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3 (Zip64).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

import numpy as np
from numba import njit

from data_prep.errors import InputError
from data_prep.filesystem import InputFile, read_range

STORED, DEFLATED = 0, 8
_ENTRY = 46  # bytes of a directory entry before its name
_LOCAL = 30  # bytes of a member's own header before its name
_WINDOW = 1 << 20  # bytes of directory read at a time; about 13 thousand entries

# The columns that `_parse` fills.
OFFSET, SIZE, FULL, CRC, METHOD, FLAGS, NAME_AT, NAME_SIZE = range(8)


class Directory(NamedTuple):
    """The central directory of an archive."""

    start: int  # bytes, in the archive
    stop: int
    entries: int


def find_directory(file: InputFile) -> Directory:
    """Finds the directory at the end of an archive.

    Raises:
      InputError: it is no zip, or cut short.
    """
    tail_at = max(0, file.size - 65_557)
    tail = read_range(file.path, tail_at, file.size)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < 22:
        raise InputError(f"input {file.path}: no zip archive, or cut short (no end of directory)")
    entries, size, start = struct.unpack_from("<HII", tail, at + 10)
    locator = at - 20
    if locator >= 0 and tail[locator : locator + 4] == b"PK\6\7":
        (record_at,) = struct.unpack_from("<Q", tail, locator + 8)
        record_at = min(record_at, file.size)  # a lying one may be beyond any file
        record = read_range(file.path, record_at, record_at + 56)
        if record[:4] != b"PK\6\6" or len(record) < 56:
            raise InputError(f"input {file.path}: damaged zip archive (Zip64 end of directory)")
        entries, size, start = struct.unpack_from("<QQQ", record, 32)
    if start + size > file.size:
        raise InputError(f"input {file.path}: damaged zip archive (directory outside the file)")
    return Directory(start, start + size, entries)


def cut_directory(file: InputFile, directory: Directory) -> Iterator[tuple[int, int]]:
    """Yields (start, stop) of runs of whole entries, in bytes of the archive."""
    at = directory.start
    while at < directory.stop:
        window = read_range(file.path, at, min(at + _WINDOW, directory.stop))
        _, used, damaged = _parse_window(window)
        if damaged or not used:  # the rest cannot be cut: one part reports the damage
            yield at, directory.stop
            return
        yield at, at + used
        at += used


def read_entries(path: str, start: int, stop: int) -> tuple[np.ndarray, bytes, int]:
    """Returns the entries of a part of the directory, its bytes, and how many are no entry.

    Entries are int64 [n, 8] in the columns OFFSET … NAME_SIZE; NAME_AT points into the bytes.
    """
    block = read_range(path, start, stop)
    rows, used, _ = _parse_window(block)
    return rows, block, len(block) - used


def safe_name(name: str) -> bool:
    """Tells whether a member's name stays below the archive's own folder."""
    parts = name.replace("\\", "/").split("/")
    return not (name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0])


def read_member(stream: BinaryIO, row: Sequence[int]) -> bytes | str:
    """Returns a member's contents, or the reason why it has none.

    row: OFFSET, SIZE, FULL, CRC and METHOD of the member, as Python's numbers.
    """
    offset, size, full, crc, method = row[:5]
    if not 0 <= offset < 1 << 63:
        return "damaged"
    stream.seek(offset)
    # The local header repeats the name; its extra field is seldom longer than this.
    block = stream.read(_LOCAL + 256 + size)
    if block[:4] != b"PK\3\4" or len(block) < _LOCAL:
        return "damaged"
    name, extra = struct.unpack_from("<HH", block, 26)
    begin = _LOCAL + name + extra
    if len(block) < begin + size:
        stream.seek(offset + begin)
        block, begin = stream.read(size), 0
    data = block[begin : begin + size]
    if method == DEFLATED:
        try:
            data = zlib.decompressobj(-15).decompress(data, full + 1)
        except zlib.error:
            return "damaged"
    if len(data) != full or zlib.crc32(data) != crc:
        return "damaged"
    return data


def _parse_window(block: bytes) -> tuple[np.ndarray, int, bool]:
    """Returns (entries int64 [n, 8], bytes used, whether the bytes after them are no entry)."""
    data = np.frombuffer(block, np.uint8)
    rows = np.empty((len(data) // _ENTRY + 1, 8), np.int64)
    count, used, damaged = _parse(data, rows)
    return rows[:count], used, damaged


@njit(cache=True, nogil=True)
def _number(data, at, size):
    value = np.int64(0)
    for j in range(size):
        value |= np.int64(data[at + j]) << (8 * j)
    return value


@njit(cache=True, nogil=True)
def _parse(data, rows):
    """Fills `rows`; returns (entries, bytes used, whether the bytes after are no entry)."""
    at = count = 0
    while at + _ENTRY <= len(data):
        if _number(data, at, 4) != 0x02014B50:
            return count, at, True
        name, extra = _number(data, at + 28, 2), _number(data, at + 30, 2)
        end = at + _ENTRY + name + extra + _number(data, at + 32, 2)
        if end > len(data):
            break
        size, full = _number(data, at + 20, 4), _number(data, at + 24, 4)
        offset = _number(data, at + 42, 4)
        field = at + _ENTRY + name
        last = field + extra
        while field + 4 <= last:
            length = _number(data, field + 2, 2)
            if _number(data, field, 2) == 1:  # Zip64: only what overflowed, in this order
                value = field + 4
                if full == 0xFFFFFFFF and value + 8 <= last:
                    full = _number(data, value, 8)
                    value += 8
                if size == 0xFFFFFFFF and value + 8 <= last:
                    size = _number(data, value, 8)
                    value += 8
                if offset == 0xFFFFFFFF and value + 8 <= last:
                    offset = _number(data, value, 8)
            field += 4 + length
        rows[count, 0], rows[count, 1], rows[count, 2] = offset, size, full
        rows[count, 3] = _number(data, at + 16, 4)
        rows[count, 4], rows[count, 5] = _number(data, at + 10, 2), _number(data, at + 8, 2)
        rows[count, 6], rows[count, 7] = at + _ENTRY, name
        count += 1
        at = end
    return count, at, False
