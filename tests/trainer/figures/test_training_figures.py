import numpy as np
import pytest
from PIL import ImageColor

from trainer.figures.scatter import COLORS
from trainer.figures.sheet import GAP, MARGIN
from trainer.figures.training_figures import (
    _columns,
    codes_by_label,
    manifold,
    reconstructions,
    samples,
)


def greys(count, side=28):
    """Images of the greys 0, 1, 2, ..."""
    return np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones(
        (side, side, 1), np.uint8
    )


@pytest.mark.parametrize(
    ("count", "columns"), [(1, 1), (4, 4), (5, 5), (6, 3), (7, 4), (8, 4), (9, 5), (10, 5)]
)
def test_panels_fill_rows_evenly(count, columns):
    assert _columns(count) == columns


def test_the_real_ones_are_above_the_decoded_ones():
    picture = reconstructions(greys(3), 200 + greys(3), "epoch 1")
    right, bottom = picture.width - MARGIN - 28, picture.height - MARGIN - 28
    assert picture.getpixel((right, bottom)) == (202, 202, 202)
    assert picture.getpixel((right, bottom - 56 - GAP)) == (2, 2, 2)
    assert picture.getpixel((right - 56 - GAP, bottom)) == (201, 201, 201)


def test_samples_are_in_lines_of_the_given_length():
    one = samples([("", greys(30))], 10, "epoch 1")
    assert one.getpixel((one.width - MARGIN - 28, one.height - MARGIN - 28)) == (29, 29, 29)
    two = samples([("a", greys(10)), ("b", greys(10))], 10, "epoch 1")
    assert two.width > one.width and two.height == one.height - 56 - GAP + 14


def test_a_single_manifold_keeps_its_pixels():
    grid = np.arange(225, dtype=np.uint8)[:, None, None, None] * np.ones((28, 28, 1), np.uint8)
    picture = manifold([("", grid)], "epoch 1")
    inner = np.asarray(picture.convert("L"))[MARGIN + 16 :][:420, MARGIN : MARGIN + 420]
    assert inner[::28, ::28].reshape(-1).tolist() == list(range(225))


def test_each_condition_has_its_manifold():
    groups = [
        (name, np.full((225, 32, 32, 1), grey, np.uint8)) for name, grey in (("a", 50), ("b", 90))
    ]
    picture = manifold(groups, "epoch 1")
    middle = picture.height // 2
    left = MARGIN + GAP + 160
    assert picture.getpixel((left, middle))[0] == 50
    assert picture.getpixel((left + 320 + 2 * GAP, middle))[0] == 90


def test_each_label_has_its_own_codes_and_colour():
    codes = np.array([[2.5, 2.5], [2.5, -2.5]])
    picture = codes_by_label(codes, ["a", "b"], ["a", "b"], apart=True, title="epoch 1")
    x, top = MARGIN + GAP + 240, MARGIN + 16 + 20
    step = 320 + 2 * GAP
    found = [picture.getpixel((x + panel * step, top + y)) for panel in (0, 1) for y in (80, 240)]
    white = (255, 255, 255)
    first, second = (ImageColor.getrgb(color) for color in COLORS[:2])
    assert found == [first, white, white, second]
    together = codes_by_label(codes, ["a", "b"], ["a", "b"], apart=False, title="epoch 1")
    assert together.width < picture.width
