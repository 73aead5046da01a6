import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from trainer.figures.compose import Figure, Row
from trainer.figures.sheet import (
    GAP,
    LAST_FRAME_MS,
    MARGIN,
    _fitting,
    animate,
    contact_sheet,
    font,
    mosaic,
    mosaics,
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
    picture = sheet(Figure(rows))
    cell = 56 + GAP  # enlarged twice
    assert picture.size == (2 * MARGIN + 2 * cell - GAP, 2 * MARGIN + 2 * cell - GAP)
    centres = [
        [picture.getpixel((MARGIN + x * cell + 28, MARGIN + y * cell + 28))[0] for x in (0, 1)]
        for y in (0, 1)
    ]
    assert centres == [[0, 100], [100, 200]]


def test_names_titles_and_groups_take_room():
    row = flat(0, 0, side=56)
    plain = sheet(Figure([Row(row), Row(row)]))
    named = sheet(Figure([Row(row, "a"), Row(row, "b")]))
    assert named.width > plain.width and named.height == plain.height + 14
    alone = Figure([Row(row)])
    assert sheet(replace(alone, title="t")).height == sheet(alone).height + 30
    assert sheet(replace(alone, title="a long title " * 9)).width > 500  # nothing is cut off


def test_names_that_do_not_fit_are_cut():
    assert _fitting("cup", 100, 12) == "cup"
    short = _fitting("a very long name indeed", 60, 12)
    assert short.endswith("…") and short.startswith("a v")
    assert font(12).getlength(short) <= 60


def test_panels_stand_in_rows():
    pictures = [(str(n), Image.new("L", (50, 40), n)) for n in (10, 20, 30, 40, 50, 60)]
    picture = panels(pictures)
    assert picture.size == (3 * (50 + 2 * GAP), 2 * (40 + 24))
    assert picture.getpixel((GAP + 25, 24 + 20))[0] == 10
    assert picture.getpixel((GAP + 25 + 58, 24 + 20))[0] == 20
    assert picture.getpixel((GAP + 25, 64 + 24 + 20))[0] == 40


@pytest.mark.parametrize(
    ("count", "columns"), [(1, 1), (4, 4), (5, 5), (6, 3), (7, 4), (8, 4), (9, 5), (10, 5)]
)
def test_panels_fill_rows_evenly(count, columns):
    picture = panels([("", Image.new("L", (50, 40)))] * count)
    assert picture.width == columns * (50 + 2 * GAP)


def test_a_row_longer_than_the_figure_goes_on_in_the_next_line():
    row = Row(flat(*range(30), side=28), "a")
    picture = sheet(Figure([row], width=10))
    right, bottom = picture.width - MARGIN - 28, picture.height - MARGIN - 28
    assert picture.getpixel((right, bottom)) == (29, 29, 29)
    assert picture.getpixel((right, bottom - 56 - GAP)) == (19, 19, 19)
    groups = sheet(Figure([row._replace(images=row.images[:10])] * 2, width=10))
    assert groups.height == picture.height - 56 - GAP + 14


def test_a_single_mosaic_keeps_its_pixels():
    grid = np.arange(225, dtype=np.uint8)[:, None, None, None] * np.ones((28, 28, 1), np.uint8)
    picture = mosaics(Figure([Row(grid)], width=15, title="epoch 1"))
    inner = np.asarray(picture.convert("L"))[MARGIN + 16 :][:420, MARGIN : MARGIN + 420]
    assert inner[::28, ::28].reshape(-1).tolist() == list(range(225))


def test_each_of_several_mosaics_is_a_panel():
    rows = [
        Row(np.full((225, 32, 32, 1), grey, np.uint8), name)
        for name, grey in (("a", 50), ("b", 90))
    ]
    picture = mosaics(Figure(rows, width=15, title="epoch 1"))
    middle = picture.height // 2
    left = MARGIN + GAP + 160
    assert picture.getpixel((left, middle))[0] == 50
    assert picture.getpixel((left + 320 + 2 * GAP, middle))[0] == 90


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
    picture = sheet(Figure([Row(flat(0, 0, 0, side=56)), Row(flat(9, side=56))]))
    assert picture.width == pytest.approx(2 * MARGIN + 3 * 60 - GAP)


def test_a_contact_sheet_has_its_groups_under_a_heading():
    rows = [Row(flat(11, 12, side=56), "cat", "12 images"), Row(flat(33, side=56), "dog")]
    picture = contact_sheet(Figure(rows, title="t", caption="c"))
    # six columns at least, 28 + 128 to their left, 68 + 28 above, a gap of 14 after each group
    assert picture.size == (28 + 128 + 6 * 60 - 4 + 28, 28 + 68 + 6 + 2 * (60 + 14) + 28)
    assert [picture.getpixel((156 + 60 * n, 96))[0] for n in (0, 1)] == [11, 12]
    assert picture.getpixel((156, 96 + 60 + 14))[0] == 33


def test_a_gif_shows_every_picture_and_repeats():
    greys = [0, 90, 180, 255]
    content = animate([to_png(Image.new("L", (8, 6), grey)) for grey in greys], 100)
    gif = Image.open(io.BytesIO(content))
    assert gif.format == "GIF" and gif.size == (8, 6)
    assert gif.n_frames == 4
    assert gif.info["loop"] == 0  # for ever
    durations, shown = [], []
    for frame in range(4):
        gif.seek(frame)
        durations.append(gif.info["duration"])
        shown.append(int(np.asarray(gif.convert("L")).mean()))
    assert durations == [100, 100, 100, LAST_FRAME_MS]
    assert shown == greys


def test_greys_keep_their_shade():
    ramp = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    gif = Image.open(io.BytesIO(animate([to_png(Image.fromarray(ramp))], 100)))
    error = np.abs(np.asarray(gif.convert("L")).astype(int) - ramp)
    assert error.max() == 0
