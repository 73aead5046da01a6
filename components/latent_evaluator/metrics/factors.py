"""What is known of how images were made."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
from tfx.dsl.io import fileio

from data_prep.errors import InputError


def read_factors(path: str) -> dict[bytes, tuple[str, ...]]:
    """Rows of a CSV file by the key in their first column; the header is under b"".

    Raises:
      InputError: where it cannot be read or a row is too short or long.
    """
    if not fileio.exists(path):
        raise InputError(f"evaluation.factors: {path}: there is no such file")
    try:
        with fileio.open(path, "rb") as file:
            text = file.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"evaluation.factors: {path}: not UTF-8 ({error})") from None
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if not rows or len(rows[0]) < 2:
        raise InputError(f"evaluation.factors: {path}: allowed: a key and one or more factors")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]):
            raise InputError(
                f"evaluation.factors: {path}: line {number} has {len(row)} values, "
                f"allowed: {len(rows[0])}"
            )
    return {b"": tuple(rows[0][1:])} | {row[0].encode(): tuple(row[1:]) for row in rows[1:]}


def factors_of(
    keys: Sequence[bytes], table: dict[bytes, tuple[str, ...]]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Each factor of those keys that the table knows.

    Returns:
      The positions of these keys, and name -> float64 (some value has a fraction), int64 or
      str [n].
    """
    known = np.array([i for i, key in enumerate(keys) if key in table], np.int64)
    columns = zip(*(table[keys[i]] for i in known), strict=True)
    return known, {name: _typed(column) for name, column in zip(table[b""], columns, strict=False)}


def _typed(column: Sequence[str]) -> np.ndarray:
    for kind in (np.int64, np.float64):
        try:
            return np.array([kind(value) for value in column])
        except ValueError:
            continue
    return np.array(column)
