from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from data_prep.errors import InputError
from data_prep.synthetic.drawings import FACTORS_FILE, WORDS, read_factors, write_drawings

PER_WORD = 150


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_drawings(str(folder), per_word=PER_WORD, seed=4)
    return folder


def read_bin(path: Path):
    """An independent reader: (key_id, countrycode, recognized, timestamp, strokes) each."""
    data, at, drawings = path.read_bytes(), 0, []
    while at < len(data):
        *header, count = struct.unpack_from("<Q2sBIH", data, at)
        at += 17
        strokes = []
        for _ in range(count):
            (points,) = struct.unpack_from("<H", data, at)
            xy = np.frombuffer(data, np.uint8, 2 * points, at + 2).reshape(2, points)
            strokes.append(xy.T.astype(float))
            at += 2 + 2 * points
        drawings.append((*header, strokes))
    assert at == len(data)
    return drawings


def rows_of(factors, word):
    return {name: column[factors["word"] == word] for name, column in factors.items()}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_files_are_those_of_the_words_and_the_factors(folder):
    assert len(WORDS) >= 5
    assert set(contents(folder)) == {f"{word}.bin" for word in WORDS} | {FACTORS_FILE}


def test_same_seed_same_bytes_and_another_seed_others(folder, tmp_path):
    paths = write_drawings(str(tmp_path / "again"), per_word=PER_WORD, seed=4)
    assert [Path(path).name for path in paths] == [f"{word}.bin" for word in WORDS]
    assert contents(tmp_path / "again") == contents(folder)
    write_drawings(str(tmp_path / "other"), per_word=PER_WORD, seed=5)
    here, there = read_factors(str(folder)), read_factors(str(tmp_path / "other"))
    for name in ("key_id", "slant", "size", "jitter"):
        assert not set(here[name][:20]) <= set(there[name])


def test_headers_are_plausible_and_keys_unique(folder):
    drawings = [d for word in WORDS for d in read_bin(folder / f"{word}.bin")]
    keys = [d[0] for d in drawings]
    assert len(set(keys)) == len(keys) == PER_WORD * len(WORDS)
    assert max(keys) > 2**63  # so that signed arithmetic anywhere would show
    assert all(country.isalpha() and country.isupper() for _, country, *_ in drawings)
    assert 0.85 < np.mean([recognized for _, _, recognized, *_ in drawings]) < 1
    assert {recognized for _, _, recognized, *_ in drawings} == {0, 1}
    assert all(1_480_000_000 < time < 1_500_000_000 for *_, time, _ in drawings)


@pytest.mark.parametrize("word", WORDS)
def test_drawings_agree_with_their_factors(folder, word):
    factors = rows_of(read_factors(str(folder)), word)
    drawings = read_bin(folder / f"{word}.bin")
    assert factors["key_id"].tolist() == [d[0] for d in drawings]
    assert factors["strokes"].tolist() == [len(d[-1]) for d in drawings]
    for size, (*_, strokes) in zip(factors["size"], drawings, strict=True):
        points = np.concatenate(strokes)
        assert points.min(axis=0).tolist() == [0, 0]
        assert points.max() == np.rint(255 * size)
        assert all(len(stroke) >= 2 for stroke in strokes)


@pytest.mark.parametrize("word", WORDS)
def test_slant_shows_as_shear(folder, word):
    slants = rows_of(read_factors(str(folder)), word)["slant"]
    shears = []
    for *_, strokes in read_bin(folder / f"{word}.bin"):
        x, y = np.concatenate(strokes).T
        shears.append(-np.cov(x, y)[0, 1] / np.var(y))
    assert np.corrcoef(slants, shears)[0, 1] > 0.7


@pytest.mark.parametrize("word", WORDS)
def test_jitter_shows_as_departure_from_steady_drawings(folder, word):
    factors = rows_of(read_factors(str(folder)), word)
    outlines = []  # the first stroke, its slant and size undone
    for slant, (*_, strokes) in zip(
        factors["slant"], read_bin(folder / f"{word}.bin"), strict=True
    ):
        x, y = strokes[0].T
        outline = np.stack([x + slant * y, y]) / np.ptp(y)
        outlines.append((outline - outline.mean(axis=1, keepdims=True)).ravel())
    curves, jitter = np.array(outlines), factors["jitter"]
    steady = curves[jitter < 0.2]
    curves = curves - steady.mean(axis=0)
    proportions = np.linalg.svd(steady - steady.mean(axis=0), full_matrices=False)[2][:4]
    departure = np.linalg.norm(curves - curves @ proportions.T @ proportions, axis=1)
    assert np.corrcoef(departure, jitter)[0, 1] > 0.6


def test_factors_fill_their_ranges(folder):
    factors = read_factors(str(folder))
    assert {name: column.dtype.kind for name, column in factors.items()} == {
        "key_id": "u", "word": "U", "slant": "f", "size": "f", "jitter": "f", "strokes": "i",
    }  # fmt: skip
    for name, low, high in (("slant", -0.4, 0.4), ("size", 0.6, 1), ("jitter", 0, 1)):
        values = factors[name]
        assert low <= values.min() < low + 0.02 and high - 0.02 < values.max() <= high
    for word in WORDS:
        assert len(set(rows_of(factors, word)["strokes"])) >= 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"per_word": 0, "seed": 0}, "per_word: got 0"),
        ({"per_word": 2**32, "seed": 0}, "per_word: got 4294967296"),
        ({"per_word": 1, "seed": -1}, "seed: got -1"),
        ({"per_word": 1, "seed": 2**24}, "seed: got 16777216"),
    ],
)
def test_impossible_requests_are_refused(tmp_path, arguments, message):
    with pytest.raises(InputError, match=message):
        write_drawings(str(tmp_path), **arguments)
    assert not list(tmp_path.iterdir())
