from __future__ import annotations

import itertools
import os
import platform
import struct
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from data_prep.errors import InputError
from data_prep.formats.quickdraw_binary import split_records
from data_prep.pixels.rasterize import INK, rasterize
from data_prep.pixels.statistics import image_stats
from data_prep.synthetic.drawings import WORDS, write_drawings

Stroke = list[tuple[int, int]]

coordinate = st.integers(0, 255)
strokes_strategy = st.lists(
    st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=8), min_size=1, max_size=4
)


def encode(*drawings: list[Stroke]) -> tuple[np.ndarray, np.ndarray]:
    """Drawings as a batch of records: buffer and offsets."""
    records = []
    for strokes in drawings:
        record = struct.pack("<Q2sBIH", 7, b"US", 1, 1_488_000_000, len(strokes))
        for points in strokes:
            xs, ys = zip(*points, strict=True)
            record += struct.pack("<H", len(points)) + bytes(xs) + bytes(ys)
        records.append(record)
    offsets = np.cumsum([0, *map(len, records)], dtype=np.int64)
    return np.frombuffer(b"".join(records), np.uint8), offsets


def decode(record: bytes) -> list[Stroke]:
    (count,) = struct.unpack_from("<H", record, 15)
    at, strokes = 17, []
    for _ in range(count):
        (points,) = struct.unpack_from("<H", record, at)
        x, y = record[at + 2 : at + 2 + points], record[at + 2 + points : at + 2 + 2 * points]
        strokes.append(list(zip(x, y, strict=True)))
        at += 2 + 2 * points
    return strokes


def by_pillow(strokes: list[Stroke]) -> bytes:
    image = Image.new("L", (32, 32), "white")
    draw = ImageDraw.Draw(image)
    for points in strokes:
        draw.line([(x // 8, y // 8) for x, y in points], fill=0, width=2)
    return image.tobytes()


def distances(strokes: list[Stroke], side: int, finer: int = 1) -> np.ndarray:
    """float64 [side * finer] * 2: the distance in pixels to the drawing, by the definition."""
    scale = side / 304
    points = np.array([p for stroke in strokes for p in stroke], float)
    middle = (points.min(0) + points.max(0)) / 2
    grid = (np.arange(side * finer) + 0.5) / finer
    nearest = np.full((side * finer, side * finer), np.inf)
    for stroke in strokes:
        placed = (np.array(stroke, float) - middle) * scale + side / 2
        ends = placed[1:] if len(placed) > 1 else placed
        for (x0, y0), (x1, y1) in zip(placed, ends, strict=False):
            x, y = grid[np.newaxis, :] - x0, grid[:, np.newaxis] - y0
            dx, dy = x1 - x0, y1 - y0
            along = np.clip((x * dx + y * dy) / ((dx * dx + dy * dy) or 1), 0, 1)
            nearest = np.minimum(nearest, np.hypot(x - along * dx, y - along * dy))
    return nearest


# book


@pytest.mark.parametrize("word", ["cat", "eye", "monkey", "mouth"])
def test_book_is_pillow_on_real_drawings(real_data, word):
    data = np.fromfile(real_data / "quickdraw" / "bin" / f"{word}.bin", np.uint8)
    offsets, _ = split_records(data)
    images = rasterize(data, offsets, 32, "book")
    for i, image in enumerate(images):
        assert image.tobytes() == by_pillow(decode(data[offsets[i] : offsets[i + 1]].tobytes())), i


@settings(max_examples=300, deadline=None)
@given(strokes_strategy)
def test_book_is_pillow_on_any_strokes(strokes):
    assert rasterize(*encode(strokes), 32, "book").tobytes() == by_pillow(strokes)


def test_book_is_pillow_on_every_slope_from_every_column():
    # Pillow's rounding depends on where a segment stands sideways, not on its height.
    segments = [
        [[(x0 * 8, y0 * 8), (x1 * 8, (y0 + dy) * 8)]]
        for x0, x1, dy in itertools.product(range(32), range(32), range(-31, 32))
        for y0 in [max(0, -dy)]
    ]
    images = rasterize(*encode(*segments), 32, "book")
    wrong = [
        s for s, image in zip(segments, images, strict=True) if image.tobytes() != by_pillow(s)
    ]
    assert not wrong


def test_book_draws_nothing_for_a_single_point_and_a_pixel_for_a_repeated_one():
    once, twice = rasterize(*encode([[(80, 40)]], [[(80, 40), (80, 40)]]), 32, "book")
    assert (once == 255).all()
    assert np.argwhere(twice == 0).tolist() == [[5, 10]]


# official


def test_official_level_line_is_exact():
    # At side 304 a unit is a pixel: the line lies on y = 152, between two rows, radius 8.
    (image,) = rasterize(*encode([[(0, 90), (254, 90)]]), 304, "official")
    expected = np.zeros((304, 304), np.uint8)
    expected[144:160, 25 : 304 - 25] = 255
    middle = slice(40, 304 - 40)  # away from the round caps
    np.testing.assert_array_equal(image[:, middle], expected[:, middle])
    columns = np.flatnonzero(image.any(axis=0))
    assert (columns.min(), columns.max()) == (152 - 127 - 8, 152 + 127 + 7)


def test_official_single_point_is_a_centred_dot_of_the_right_area():
    (image,) = rasterize(*encode([[(13, 200)]]), 304, "official")
    assert image.sum() / 255 == pytest.approx(np.pi * 8**2, rel=0.01)
    for same in (image[::-1], image[:, ::-1], image.T):
        np.testing.assert_array_equal(image, same)
    np.testing.assert_array_equal(image, rasterize(*encode([[(0, 0), (0, 0)]]), 304, "official")[0])


def test_official_centres_by_the_bounding_box():
    strokes = [[(0, 0), (100, 40)], [(30, 60)]]
    moved = [[(x + 90, y + 120) for x, y in points] for points in strokes]
    at_corner, elsewhere = rasterize(*encode(strokes, moved), 64, "official")
    np.testing.assert_allclose(at_corner.astype(int), elsewhere.astype(int), atol=1)


@settings(max_examples=150, deadline=None)
@given(strokes_strategy, st.sampled_from([8, 9, 15, 28, 37, 64]))
def test_official_is_its_definition_at_every_pixel(strokes, side):
    (image,) = rasterize(*encode(strokes), side, "official")
    coverage = np.clip(8 * side / 304 + 0.5 - distances(strokes, side), 0, 1)
    np.testing.assert_allclose(image.astype(float), 255 * coverage, atol=0.6)


@pytest.mark.parametrize(("side", "tolerance"), [(28, 1.9), (40, 1.2)])
def test_official_is_close_to_supersampled_strokes(tmp_path, side, tolerance):
    # Truth: the share of 16 x 16 points of a pixel that lie within the radius. The mean
    # absolute error is in grey levels of 255, over all pixels; what remains is mostly where
    # strokes meet within a pixel.
    errors = []
    for path in write_drawings(str(tmp_path), per_word=1, seed=5):
        data = np.fromfile(path, np.uint8)
        offsets, _ = split_records(data)
        for i, image in enumerate(rasterize(data, offsets, side, "official")):
            strokes = decode(data[offsets[i] : offsets[i + 1]].tobytes())
            inside = distances(strokes, side, finer=16) <= 8 * side / 304
            truth = 255 * inside.reshape(side, 16, side, 16).mean(axis=(1, 3))
            errors.append(np.abs(image - truth).mean())
    assert len(errors) == len(WORDS)
    assert np.mean(errors) < tolerance


def test_official_largest_side():
    (image,) = rasterize(*encode([[(0, 0), (255, 255)]]), 1024, "official")
    assert (np.diagonal(image)[100:-100] == 255).all()
    assert image[0].sum() == image[:, -1].sum() == 0


# both


@pytest.mark.parametrize("rasterizer", INK)
def test_a_drawing_does_not_depend_on_its_batch(rasterizer):
    drawings = [[[(0, 0), (255, 255)]], [[(9, 9)]], [[(0, 255), (255, 0)], [(7, 7), (8, 200)]]]
    together = rasterize(*encode(*drawings), 32, rasterizer)
    apart = [rasterize(*encode(drawing), 32, rasterizer)[0] for drawing in drawings]
    np.testing.assert_array_equal(together, apart)
    buffer, offsets = encode(*drawings)
    np.testing.assert_array_equal(rasterize(buffer, offsets[1:], 32, rasterizer), apart[1:])


@pytest.mark.parametrize("rasterizer", INK)
def test_no_drawings_give_no_images(rasterizer):
    images = rasterize(np.empty(0, np.uint8), np.zeros(1, np.int64), 32, rasterizer)
    assert images.shape == (0, 32, 32) and images.dtype == np.uint8


@pytest.mark.parametrize(
    ("side", "rasterizer", "message"),
    [
        (28, "book", "image_size: got 28"),
        (7, "official", "image_size: got 7"),
        (1025, "official", "image_size: got 1025"),
        (28, "cairo", "rasterizer: got 'cairo'"),
    ],
)
def test_impossible_requests_are_refused(side, rasterizer, message):
    with pytest.raises(InputError, match=message):
        rasterize(*encode([[(1, 1)]]), side, rasterizer)


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names x86 processors")
def test_bytes_are_the_same_on_an_older_processor(tmp_path):
    # haswell has fused multiply-add and nehalem has not: a contraction would show.
    program = (
        "import hashlib, sys, numpy as np\n"
        "from data_prep.formats.quickdraw_binary import split_records\n"
        "from data_prep.pixels.rasterize import rasterize\n"
        "data = np.concatenate([np.fromfile(p, np.uint8) for p in sys.argv[1:]])\n"
        "offsets, _ = split_records(data)\n"
        "for side, name in ((28, 'official'), (61, 'official'), (32, 'book')):\n"
        "    print(hashlib.sha256(rasterize(data, offsets, side, name)).hexdigest())\n"
    )
    paths = write_drawings(str(tmp_path / "drawings"), per_word=50, seed=1)
    outputs = []
    for processor in ("nehalem", "haswell"):
        cache = {"NUMBA_CACHE_DIR": str(tmp_path / processor), "NUMBA_CPU_FEATURES": ""}
        ran = subprocess.run(
            [sys.executable, "-c", program, *paths],
            env={**os.environ, **cache, "NUMBA_CPU_NAME": processor},
            check=True,
            capture_output=True,
            text=True,
        )
        outputs.append(ran.stdout)
    assert len(outputs[0].split()) == 3
    assert outputs[0] == outputs[1]


# image_stats


@pytest.mark.parametrize("shape", [(28, 28), (16, 16, 3), (1,)])
def test_image_stats_are_numpys(shape):
    images = np.random.default_rng(3).integers(0, 256, (5, *shape), np.uint8)
    flat = images.reshape(5, -1)
    for ink, drawn in (("white", flat > 127), ("black", flat < 128)):
        mean, std, share = image_stats(images, ink)
        assert mean.dtype == std.dtype == share.dtype == np.float32
        np.testing.assert_allclose(mean, flat.mean(axis=1), rtol=1e-6)
        np.testing.assert_allclose(std, flat.std(axis=1), rtol=1e-6)
        np.testing.assert_allclose(share, drawn.mean(axis=1), atol=1e-7)


def test_image_stats_of_one_colour():
    images = np.full((2, 1024, 1024), [[[255]], [[0]]], np.uint8)
    mean, std, share = image_stats(images, "white")
    assert mean.tolist() == [255, 0] and std.tolist() == [0, 0] and share.tolist() == [1, 0]
    with pytest.raises(InputError, match="ink: got 'red'"):
        image_stats(images, "red")
