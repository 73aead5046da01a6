from __future__ import annotations

import hashlib
import itertools
import json
import os
import platform
import struct
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from data_prep.errors import InputError
from data_prep.formats.quickdraw_binary import split_records
from data_prep.pixels.rasterize import INK, VERSION, rasterize, warnings_about
from data_prep.pixels.statistics import image_stats
from data_prep.synthetic.drawings import write_drawings

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


def segments(strokes: list[Stroke], side: int) -> Iterator[np.ndarray]:
    """Yields float64 [2, 2]: the ends (x, y) in pixels of every segment, by the definition."""
    points = np.array([p for stroke in strokes for p in stroke], float)
    middle = (points.min(0) + points.max(0)) / 2
    for stroke in strokes:
        placed = (np.array(stroke, float) - middle) * side / 304 + side / 2
        for ends in zip(placed, placed[1:] if len(placed) > 1 else placed, strict=False):
            yield np.array(ends)


def distance(ends: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    (dx, dy), x, y = ends[1] - ends[0], x - ends[0, 0], y - ends[0, 1]
    along = np.clip((x * dx + y * dy) / ((dx * dx + dy * dy) or 1), 0, 1)
    return np.hypot(x - along * dx, y - along * dy)


def distances(strokes: list[Stroke], side: int, finer: int = 1) -> np.ndarray:
    """float64 [side * finer] * 2: the distance in pixels to the drawing."""
    grid = (np.arange(side * finer) + 0.5) / finer
    x, y = grid[np.newaxis, :], grid[:, np.newaxis]
    return np.min([distance(ends, x, y) for ends in segments(strokes, side)], axis=0)


def truth(strokes: list[Stroke], side: int, finer: int = 16) -> np.ndarray:
    """float64 [side, side], 0 to 255: the share of each pixel's finer^2 points that is drawn."""
    grid, radius = (np.arange(side * finer) + 0.5) / finer, 8 * side / 304
    drawn = np.zeros((side * finer, side * finer), bool)
    for ends in segments(strokes, side):
        low, high = ends.min(0) - radius, ends.max(0) + radius
        left, top = np.searchsorted(grid, low)
        right, bottom = np.searchsorted(grid, high)
        x, y = grid[np.newaxis, left:right], grid[top:bottom, np.newaxis]
        drawn[top:bottom, left:right] |= distance(ends, x, y) <= radius
    return 255 * drawn.reshape(side, finer, side, finer).mean(axis=(1, 3))


def rms(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))


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


def test_official_level_line_is_right_to_a_grey_level():
    # At side 304 a unit is a pixel: the line lies on y = 152, between two rows, radius 8.
    (image,) = rasterize(*encode([[(0, 90), (254, 90)]]), 304, "official")
    expected = np.zeros((304, 304), np.uint8)
    expected[144:160, 25 : 304 - 25] = 255
    middle = slice(40, 304 - 40)  # away from the round caps
    np.testing.assert_allclose(image[:, middle].astype(int), expected[:, middle], atol=1)
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
@given(strokes_strategy, st.sampled_from([8, 11, 12, 15, 23, 24, 28, 37, 64]))
def test_official_is_its_definition_at_every_pixel(strokes, side):
    (image,) = rasterize(*encode(strokes), side, "official")
    n = 8 if side < 12 else 4 if side < 24 else 2
    radius, square = 8 * n * side / 304, (n * distances(strokes, side, finer=n)) ** 2
    coverage = np.clip((radius**2 + 1 / 12 - square) / (2 * radius) + 0.5, 0, 1)
    expected = 255 * coverage.reshape(side, n, side, n).mean(axis=(1, 3))
    np.testing.assert_allclose(image.astype(float), expected, atol=0.6)


def sketch(rng: np.random.Generator) -> list[Stroke]:
    """A drawing of four strokes that cross: polylines of sharp joins, and a loop."""
    polylines = [[tuple(p) for p in rng.integers(0, 256, (5, 2)).tolist()] for _ in range(3)]
    angles = np.linspace(0, 2 * np.pi, 13)
    loop = np.round(128 + np.outer([60, 90], [1, 1])[:, 0, None] * [np.cos(angles), np.sin(angles)])
    return [*polylines, [tuple(p) for p in loop.astype(int).T.tolist()]]


# One sample a pixel, as of version 1, is 28, 22, 12 and 4.9 away.
@pytest.mark.parametrize(("side", "error"), [(8, 3.0), (16, 2.5), (28, 4.0), (64, 2.0)])
def test_official_is_close_to_sixteen_times_supersampled_strokes(side, error):
    rng = np.random.default_rng(4)
    drawings = [sketch(rng) for _ in range(6)]
    images = rasterize(*encode(*drawings), side, "official").astype(float)
    true = np.array([truth(drawing, side) for drawing in drawings])
    assert rms(images - true) < error
    assert images.sum() == pytest.approx(true.sum(), rel=0.01)


@pytest.mark.parametrize("word", ["airplane", "cat", "flower"])
def test_official_is_nearer_to_the_truth_than_googles_bitmaps(real_data, word):
    # Row i of a numpy_bitmap file is the word's drawing i.
    folder = real_data / "quickdraw"
    with open(folder / "simplified" / f"{word}.ndjson") as lines:
        drawings = [
            [list(zip(xs, ys, strict=True)) for xs, ys in json.loads(line)["drawing"]]
            for line in itertools.islice(lines, 12)
        ]
    googles = np.load(folder / "numpy_bitmap" / f"{word}.npy")[: len(drawings)]
    ours = rasterize(*encode(*drawings), 28, "official").astype(float)
    true = np.array([truth(drawing, 28) for drawing in drawings])
    assert rms(ours - true) < rms(googles.reshape(ours.shape) - true) < 5
    assert rms(ours - googles.reshape(ours.shape)) < 6


# At side 304 a unit is a pixel, and a line at an odd distance from the middle of the bounding box
# covers half of the pixels along its edges.


@pytest.mark.parametrize(
    "strokes",
    [
        pytest.param([[(0, 100), (255, 100)], [(100, 0), (100, 255)]], id="two strokes"),
        pytest.param([[(0, 100), (255, 100), (255, 0), (100, 0), (100, 255)]], id="one stroke"),
    ],
)
def test_official_half_covered_edges_that_cross_cover_three_quarters(strokes):
    (image,) = rasterize(*encode(strokes), 304, "official")
    before, after = 116, 132  # of 116.5 to 132.5, where either line lies
    for row, column in itertools.product((before, after), repeat=2):
        assert image[row, column] == pytest.approx(255 * 0.75, abs=2)
    for edge in (before, after):
        assert image[edge, 200] == pytest.approx(127.5, abs=2)
        assert image[200, edge] == pytest.approx(127.5, abs=2)


def test_official_coverage_from_two_sides_of_a_pixel_adds_up():
    # At side 152 lines are 8 pixels wide. These end and begin at 55.25 and 55.75; the dot only
    # shifts the middle of the bounding box.
    strokes = [[(0, 0), (0, 250)], [(17, 0), (17, 250)], [(99, 0)]]
    (image,) = rasterize(*encode(strokes), 152, "official")
    row = image[76].astype(float)
    np.testing.assert_allclose(row[[54, 55, 56]], [255, 127.5, 255], atol=2)
    assert row.sum() == pytest.approx(255 * 16, rel=0.002)


def test_official_drawing_a_stroke_again_changes_nothing():
    stroke = [(3, 7), (90, 200), (255, 40)]
    once, twice = rasterize(*encode([stroke], [stroke, stroke[::-1]]), 28, "official")
    np.testing.assert_allclose(once.astype(int), twice.astype(int), atol=1)


@pytest.mark.parametrize("side", [8, 28, 61])
def test_official_mirrored_and_turned_drawings_give_such_images(side):
    strokes = sketch(np.random.default_rng(8))
    mirrored = [[(255 - x, y) for x, y in stroke] for stroke in strokes]
    turned = [[(y, x) for x, y in stroke] for stroke in strokes]
    image, left, corner = rasterize(*encode(strokes, mirrored, turned), side, "official")
    np.testing.assert_allclose(left[:, ::-1].astype(int), image.astype(int), atol=1)
    np.testing.assert_allclose(corner.T.astype(int), image.astype(int), atol=1)


def test_official_images_do_not_spill_into_their_neighbours():
    full = [[(0, 0), (255, 0), (255, 255), (0, 255), (0, 0)]]
    dot = [[(9, 9)]]
    for side in (8, 9, 28):
        images = rasterize(*encode(dot, full, dot, full, full, dot), side, "official")
        for same in ([0, 2, 5], [1, 3, 4]):
            assert (images[same] == images[same[0]]).all()
        np.testing.assert_array_equal(images[1], images[1, ::-1, ::-1])


def test_official_pixels_have_a_version():
    # Other pixels are another data set: raise VERSION with the digest, or prepared data is mixed.
    drawings = [sketch(np.random.default_rng(seed)) for seed in range(3)]
    digest = hashlib.sha256()
    for side in (8, 28, 64):
        digest.update(rasterize(*encode(*drawings), side, "official").tobytes())
    assert (VERSION["official"], digest.hexdigest()[:16]) == (2, "465e98785b311511")


@pytest.mark.parametrize(("side", "warned"), [(8, True), (9, True), (10, False), (28, False)])
def test_lines_thinner_than_half_a_pixel_are_warned_of(side, warned):
    assert len(warnings_about(side, "official")) == warned
    assert warnings_about(32, "book") == ()
    if side == 8:
        (warning,) = warnings_about(8, "official")
        assert "image_size 8 a line is 0.42 pixels wide" in warning
        assert "image_size 10 or more" in warning


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
        "for side, name in ((13, 'official'), (28, 'official'), (61, 'official'), (32, 'book')):\n"
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
    assert len(outputs[0].split()) == 4
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
