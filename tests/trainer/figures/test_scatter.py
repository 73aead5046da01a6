import numpy as np
import pytest
from PIL import ImageColor

from trainer.figures.scatter import COLORS, REST, codes_by_label, scatter
from trainer.figures.sheet import GAP, MARGIN

SIDE = 400  # 40 pixels a unit


def colors_at(picture, *places):
    """Colour at each (x, y) in the units of the axes."""
    return [picture.getpixel((round((x + 5) * 40), round((5 - y) * 40))) for x, y in places]


def rgb(*colors):
    return [ImageColor.getrgb(color) for color in colors]


def test_points_lie_where_their_codes_say_in_the_colour_of_their_label():
    codes = np.array([[3.0, 1.5], [-3.0, -1.5], [1.0, 3.5]])
    picture = scatter(codes, ["b", "a", "c"], ["a", "b"], side=SIDE)
    found = colors_at(picture, (3, 1.5), (-3, -1.5), (1, 3.5), (3, -1.5))
    assert found == [*rgb(COLORS[1], COLORS[0], REST), (255, 255, 255)]


def test_what_lies_outside_is_left_out():
    outside = np.array([[6.0, 1.0], [1.0, -5.1], [np.nan, 1.0], [np.inf, np.inf]])
    drawn = scatter(outside, ["a"] * 4, ["a"], side=SIDE)
    empty = scatter(np.zeros((0, 2)), [], ["a"], side=SIDE)
    assert np.array_equal(np.asarray(drawn), np.asarray(empty))


def test_one_dimension_is_a_line_and_more_than_two_show_the_first_two():
    line = scatter(np.array([[2.5]]), [""], [], side=SIDE)
    assert colors_at(line, (2.5, 0)) == rgb(REST)
    many = scatter(np.array([[2.5, 1.5, 4.5]]), [""], [], side=SIDE)
    assert colors_at(many, (2.5, 1.5)) == rgb(REST)


@pytest.mark.parametrize(("names", "wider"), [([], False), (["a"], True)])
def test_a_legend_where_there_are_names(names, wider):
    picture = scatter(np.zeros((1, 2)), ["a"], names, side=SIDE)
    assert (picture.width > SIDE) == wider
    assert scatter(np.zeros((1, 2)), ["a"], names, side=SIDE, legend=False).width == SIDE


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
