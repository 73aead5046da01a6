import io

import numpy as np
import pytest
from PIL import Image

from trainer.figures.sheet import (
    GAP,
    MARGIN,
    Row,
    _fitting,
    font,
    mosaic,
    panels,
    sheet,
    titled,
    to_png,
)


def flat(*values, side=4, channels=1):
    """Images of one grey each."""
    return np.stack([np.full((side, side, channels), value, np.uint8) for value in values])


def test_a_mosaic_reads_left_to_right_then_down():
    picture = mosaic(flat(10, 20, 30, 40, 50, 60), columns=3)
    assert picture.size == (12, 8) and picture.mode == "L"
    assert np.asarray(picture)[::4, ::4].tolist() == [[10, 20, 30], [40, 50, 60]]
    colour = mosaic(flat(10, 20, channels=3), columns=2)
    assert colour.mode == "RGB" and colour.getpixel((5, 0)) == (20, 20, 20)


def test_a_mosaic_grows_by_whole_factors():
    assert mosaic(flat(1, 2), columns=2, min_width=8).size == (8, 4)
    assert mosaic(flat(1, 2), columns=2, min_width=9).size == (16, 8)


def test_a_sheet_shows_each_image_in_its_place():
    images = flat(0, 100, 200, side=28)
    rows = [Row(images[:2]), Row(images[1:])]
    picture = sheet(rows)
    cell = 56 + GAP  # enlarged twice
    assert picture.size == (2 * MARGIN + 2 * cell - GAP, 2 * MARGIN + 2 * cell - GAP)
    centres = [
        [picture.getpixel((MARGIN + x * cell + 28, MARGIN + y * cell + 28))[0] for x in (0, 1)]
        for y in (0, 1)
    ]
    assert centres == [[0, 100], [100, 200]]


def test_names_titles_and_groups_take_room():
    row = flat(0, 0, side=56)
    plain = sheet([Row(row), Row(row)])
    named = sheet([Row(row, "a"), Row(row, "b")])
    assert named.width > plain.width and named.height == plain.height + 14
    assert sheet([Row(row)], title="t").height == sheet([Row(row)]).height + 30
    assert sheet([Row(row)], title="a long title " * 9).width > 500  # nothing is cut off


def test_names_that_do_not_fit_are_cut():
    assert _fitting("cup", 100, 12) == "cup"
    short = _fitting("a very long name indeed", 60, 12)
    assert short.endswith("…") and short.startswith("a v")
    assert font(12).getlength(short) <= 60


def test_panels_stand_in_rows():
    pictures = [(str(n), Image.new("L", (50, 40), n)) for n in (10, 20, 30)]
    picture = panels(pictures, columns=2)
    assert picture.size == (2 * (50 + 2 * GAP), 2 * (40 + 24))
    assert picture.getpixel((GAP + 25, 24 + 20))[0] == 10
    assert picture.getpixel((GAP + 25 + 58, 24 + 20))[0] == 20
    assert picture.getpixel((GAP + 25, 64 + 24 + 20))[0] == 30


def test_a_title_leaves_the_picture_whole():
    picture = titled(Image.new("L", (60, 50), 7), "epoch 1")
    assert (
        np.asarray(picture)[MARGIN + 16 : MARGIN + 66, MARGIN : MARGIN + 60].tolist()
        == [[[7, 7, 7]] * 60] * 50
    )


def test_png_is_exact():
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
    content = to_png(Image.fromarray(pixels))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), pixels)
    assert content[1:4] == b"PNG"


def test_images_of_one_row_may_be_fewer():
    picture = sheet([Row(flat(0, 0, 0, side=56)), Row(flat(9, side=56))])
    assert picture.width == pytest.approx(2 * MARGIN + 3 * 60 - GAP)
