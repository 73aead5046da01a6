"""CelebA's lists: attributes, identities and the official partition, as .txt or .csv.

All rows are packed into a few arrays: 64 attributes take 8 bytes a face, so that the whole
data set's 202,599 rows are a side input of some 6 MB.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_prep.errors import InputError
from data_prep.filesystem import read_whole

MAX_ATTRIBUTES = 64


class Annotations(NamedTuple):
    """The rows of all lists by file name; a side input of the workers."""

    names: pa.Array  # large_binary [n], sorted
    bits: np.ndarray | None  # uint64 [n], bit j: attribute j is present
    listed: np.ndarray  # bool [n], whether the row has attributes
    identities: np.ndarray | None  # int64 [n], -1 where unknown
    parts: np.ndarray | None  # int64 [n], 0 train, 1 eval, 2 test, -1 unknown

    def rows_of(self, names: pa.Array) -> np.ndarray:
        """Returns the row of each name, int64 [m]; -1 where it has none."""
        rows = pc.fill_null(pc.index_in(names, value_set=self.names), -1)
        return rows.to_numpy(zero_copy_only=False).astype(np.int64)


def read_annotations(
    attributes: str, identities: str, partition: str
) -> tuple[tuple[str, ...], Annotations]:
    """Returns the attribute names and all rows of the lists; a path is "" where there is none.

    Raises:
      InputError: naming the file, the line and what is wrong with it.
    """
    attribute_names: tuple[str, ...] = ()
    columns: list[dict[bytes, int]] = [{}, {}, {}]
    if attributes:
        attribute_names, columns[0] = _read_attributes(attributes)
    if identities:
        columns[1] = _read_numbers(identities, 2**31)
    if partition:
        columns[2] = _read_numbers(partition, 3)
    names = sorted(set().union(*columns))
    bits, persons, parts = (
        np.array([column.get(name, -1) for name in names], np.int64) for column in columns
    )
    listed = np.array([name in columns[0] for name in names], np.bool_)
    return attribute_names, Annotations(
        pa.array(names, pa.large_binary()),
        bits.view(np.uint64) if attributes else None,
        listed,
        persons if identities else None,
        parts if partition else None,
    )


def _read_attributes(path: str) -> tuple[tuple[str, ...], dict[bytes, int]]:
    """Returns the attribute names, and packed bits by file name, as signed 64-bit numbers."""
    rows = _rows(path)
    _, head = next(rows, (0, []))
    if len(head) == 1 and head[0].isdecimal():  # the official .txt begins with its length
        _, head = next(rows, (0, []))
    elif head and head[0].lower() in ("image_id", "filename", "image"):
        head = head[1:]
    if not 0 < len(head) <= MAX_ATTRIBUTES or len(set(head)) < len(head):
        raise InputError(
            f"attributes {path}: line 1 or 2 must name 1 to {MAX_ATTRIBUTES} attributes, "
            f"each once; got {len(head)}"
        )
    packed: dict[bytes, int] = {}
    for line, (name, *values) in rows:
        if len(values) != len(head):
            raise InputError(
                f"attributes {path}: line {line}: {len(values)} values, expected {len(head)}"
            )
        bits = 0
        for j, value in enumerate(values):
            if value == "1":
                bits |= 1 << j
            elif value not in ("-1", "0"):
                raise InputError(
                    f"attributes {path}: line {line}: got {value!r}, allowed: -1, 0, 1"
                )
        _add(packed, name, bits - (1 << 64) if bits >> 63 else bits, path, line)
    return tuple(head), packed


def _read_numbers(path: str, limit: int) -> dict[bytes, int]:
    """Reads a list of file names with a number below `limit` each."""
    numbers: dict[bytes, int] = {}
    for line, row in _rows(path):
        # Python refuses to read numbers of thousands of digits.
        digits = row[1] if len(row) == 2 and len(row[1]) < 20 else ""
        if digits.isdecimal() and int(digits) < limit:
            _add(numbers, row[0], int(digits), path, line)
        elif line > 1:  # the first line of a .csv names its columns
            raise InputError(
                f"list {path}: line {line}: got {' '.join(row)[:60]!r}, "
                f"allowed: a file name and a number below {limit}"
            )
    return numbers


def _add(column: dict[bytes, int], name: str, value: int, path: str, line: int) -> None:
    """Adds a row; refuses a second one of the name that differs."""
    key = name.encode()
    if column.setdefault(key, value) != value:
        raise InputError(f"list {path}: line {line}: {name} stands there twice and differs")


def _rows(path: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Yields (line number, fields) of lines that are not blank; commas or blanks part fields."""
    try:
        text = read_whole(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"list {path}: not a text file in UTF-8") from None
    lines = text.splitlines()
    separated = csv.reader(lines) if "," in (lines[0] if lines else "") else None
    fields = separated if separated is not None else (line.split() for line in lines)
    number = 0
    try:
        for number, row in enumerate(fields, start=1):
            if row:
                yield number, [field.strip() for field in row]
    except csv.Error as error:
        raise InputError(f"list {path}: line {number + 1}: {error}") from None
