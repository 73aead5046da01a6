"""The procedural drawings of the source `sample`, whose generating factors are known exactly.

They are written as Google writes simplified drawings: true `.bin` files, coordinates 0 to
255, aligned to the top left corner (smallest x and y are 0). With one difference, so that
size stays a factor one can see: the larger side of a drawing is 255 times its `size`, where
Google's is always 255.

Style factors, drawn for each drawing on its own:
  slant: the shear, how far the top leans to the right for each unit of height, -0.4 to 0.4;
  size: the larger side as a share of the canvas, 0.6 to 1;
  jitter: how unsteady the hand is, 0 (steady) to 1;
  strokes: the number of strokes; those beyond a word's fewest add detail.
Proportions (a roof's height, a smile's width, ...) vary besides.
"""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.config_base import require
from data_prep.synthetic.shapes import SHAPES

WORDS = tuple(SHAPES)
FACTORS_FILE = "factors.csv"

_FACTORS = {  # the columns of FACTORS_FILE
    "key_id": np.uint64, "word": np.str_, "slant": np.float64, "size": np.float64,
    "jitter": np.float64, "strokes": np.int64,
}  # fmt: skip
_HEADER = np.dtype([
    ("key_id", "<u8"), ("countrycode", "S2"), ("recognized", "u1"), ("timestamp", "<u4"),
    ("n_strokes", "<u2"),
])  # fmt: skip
_COUNTRIES = np.array([b"US", b"GB", b"DE", b"BR", b"JP", b"IN", b"FR", b"AU"])
_FIRST_DAY, _LAST_DAY = 1_484_784_000, 1_490_832_000  # January to March 2017, seconds UTC
_WOBBLE = 0.025  # of the unit square, at jitter 1

Array = npt.NDArray[Any]


def write_drawings(directory: str, *, per_word: int, seed: int) -> list[str]:
    """Writes <word>.bin for each of WORDS, and FACTORS_FILE beside them.

    A word's drawings depend on (seed, word) and `per_word` alone; key_ids are unique over
    all words. Files appear whole or not at all.

    Returns:
      The paths of the .bin files, in the order of WORDS.

    Raises:
      InputError: for a count not in 1 to 2**32 - 1, or a seed not in 0 to 2**24 - 1.
    """
    require(0 < per_word < 2**32, "per_word", per_word, "1 to 4294967295")
    require(0 <= seed < 2**24, "seed", seed, "0 to 16777215")
    os.makedirs(directory, exist_ok=True)
    table = io.StringIO(newline="")
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(_FACTORS)
    paths = []
    for word in WORDS:
        records, factors = _draw_word(word, per_word, seed)
        paths.append(os.path.join(directory, f"{word}.bin"))
        _write(paths[-1], records)
        rows.writerows(zip(*(factors[name].tolist() for name in _FACTORS), strict=True))
    _write(os.path.join(directory, FACTORS_FILE), table.getvalue().encode())
    return paths


def read_factors(directory: str) -> dict[str, Array]:
    """Reads the columns of FACTORS_FILE: key_id uint64, word str, strokes int64, else float64."""
    with open(os.path.join(directory, FACTORS_FILE), newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        name: np.array([row[name] for row in rows]).astype(kind) for name, kind in _FACTORS.items()
    }


def _draw_word(word: str, n: int, seed: int) -> tuple[bytes, dict[str, Array]]:
    """Draws a word: returns the records, one after the other, and their factors."""
    rng = np.random.default_rng([seed, *word.encode()])
    shape = SHAPES[word]
    factors = {
        "key_id": _key_ids(seed, WORDS.index(word), n),
        "word": np.full(n, word),
        "slant": rng.uniform(-0.4, 0.4, n).round(4),
        "size": rng.uniform(0.6, 1.0, n).round(4),
        "jitter": rng.uniform(0.0, 1.0, n).round(4),
        "strokes": rng.integers(shape.fewest, shape.most, n, endpoint=True),
    }
    parts = shape.draw(
        lambda low, high: rng.uniform(low, high, (n, 1)), factors["strokes"][:, np.newaxis]
    )
    lengths = [part.shape[-2] for part in parts]
    curves = np.concatenate([_by_hand(part, factors["jitter"], rng) for part in parts], axis=1)
    curves[..., 0] += factors["slant"][:, np.newaxis] * (0.5 - curves[..., 1])
    drawn = np.arange(len(parts)) < factors["strokes"][:, np.newaxis]
    pixels = _fit(curves, np.repeat(drawn, lengths, axis=1), factors["size"])

    header = np.empty(n, _HEADER)
    header["key_id"] = factors["key_id"]
    header["countrycode"] = rng.choice(_COUNTRIES, n)
    header["recognized"] = rng.random(n) < 0.93
    header["timestamp"] = rng.integers(_FIRST_DAY, _LAST_DAY, n)
    header["n_strokes"] = factors["strokes"]
    return _pack(header, pixels, lengths, drawn), factors


def _by_hand(part: Array, jitter: Array, rng: np.random.Generator) -> Array:
    """Returns a stroke as an unsteady hand draws it: misplaced a little, and with slow waves.

    part float64 [points, 2] or [n, points, 2], jitter float64 [n] -> [n, points, 2].
    """
    n, points = len(jitter), part.shape[-2]
    along = np.linspace(0, 2 * np.pi, points)[:, np.newaxis]
    offset = rng.normal(0, 0.6, (n, 1, 2))
    for wave in (0.5, 1.0, 2.0, 3.5):
        swing = rng.normal(0, 0.6 / wave**0.5, (n, 1, 2))
        offset = offset + swing * np.sin(wave * along + rng.uniform(0, 2 * np.pi, (n, 1, 2)))
    return part + _WOBBLE * jitter[:, np.newaxis, np.newaxis] * offset


def _fit(curves: Array, visible: Array, size: Array) -> Array:
    """Moves the visible points to the top left corner, the larger side 255 * size.

    curves float64 [n, points, 2], visible bool [n, points], size float64 [n]
    -> uint8 [n, points, 2].
    """
    visible = visible[..., np.newaxis]
    low = np.min(curves, axis=1, keepdims=True, where=visible, initial=np.inf)
    high = np.max(curves, axis=1, keepdims=True, where=visible, initial=-np.inf)
    side = (high - low).max(axis=2, keepdims=True)
    units = (curves - low) / side * (255 * size[:, np.newaxis, np.newaxis])
    return np.clip(np.rint(units), 0, 255).astype(np.uint8)  # the hidden ones may lie outside


def _pack(header: Array, pixels: Array, lengths: list[int], drawn: Array) -> bytes:
    """Packs records: a table with a place for every byte, rid of the strokes not drawn.

    header _HEADER [n], pixels uint8 [n, sum(lengths), 2], drawn bool [n, strokes].
    """
    n = len(header)
    columns, masks = [header.view(np.uint8).reshape(n, -1)], [np.ones((n, _HEADER.itemsize), bool)]
    ends = np.cumsum(lengths)
    for k, (end, points) in enumerate(zip(ends, lengths, strict=True)):
        count = np.array([points], "<u2").view(np.uint8)
        xy = pixels[:, end - points : end]
        columns += [np.broadcast_to(count, (n, 2)), xy[..., 0], xy[..., 1]]
        masks.append(np.repeat(drawn[:, k : k + 1], 2 + 2 * points, axis=1))
    return np.concatenate(columns, axis=1)[np.concatenate(masks, axis=1)].tobytes()


def _key_ids(seed: int, word: int, n: int) -> npt.NDArray[np.uint64]:
    """Returns unique ids over all 64 bits: an invertible mix of (seed, word, number).

    The mix is the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable
    pseudorandom number generators", 2014).
    """
    first = (seed << 40) + (word << 32) + 1  # 0 would stay 0
    z = np.uint64(first) + np.arange(n, dtype=np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _write(path: str, data: bytes) -> None:
    """Writes a file that appears only when it is whole."""
    partial = Path(f"{path}.partial")
    partial.write_bytes(data)
    partial.replace(path)
