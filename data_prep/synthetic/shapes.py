"""The shapes of the procedural drawings: each word's strokes, as curves in a unit square.

A word is a function of `vary` and `strokes`. `vary(low, high)` gives a random number for
each drawing, float64 [n, 1]; `strokes` is the number of strokes of each drawing, int64
[n, 1]. It returns the strokes in drawing order, each float64 [n, points, 2] or, where all
drawings share it, [points, 2]: x to the right and y downwards, about 0 to 1. Drawing i then
keeps its first strokes[i].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Number = float | Array  # a scalar, or [n, 1]
Vary = Callable[[float, float], Array]


class Word(NamedTuple):
    """A word's limits of strokes, and the function that draws it."""

    fewest: int  # strokes without which it would not be recognised
    most: int
    draw: Callable[[Vary, Array], list[Array]]


def _curve(x: Number, y: Number) -> Array:
    return np.stack(np.broadcast_arrays(x, y), axis=-1)


def _arc(
    x: Number, y: Number, width: Number, height: Number, *, start=0.0, turn=1.03, points=20
) -> Array:
    """Returns part of an ellipse around (x, y): `turn` of a turn, clockwise from `start`.

    A start of 0 is the east; the default goes a little beyond a whole turn, as a hand does.
    """
    angle = 2 * np.pi * (start + turn * np.linspace(0, 1, points))
    return _curve(x + width * np.cos(angle), y + height * np.sin(angle))


def _path(*corners: tuple[Number, Number], steps: int = 4) -> Array:
    """Returns straight lines from corner to corner, each cut into `steps` that can wobble."""
    at = np.linspace(0, len(corners) - 1, steps * (len(corners) - 1) + 1)
    before = np.minimum(at.astype(int), len(corners) - 2)
    part = at - before

    def between(values: tuple[Number, ...]) -> Array:
        columns = np.concatenate(np.broadcast_arrays(*map(np.atleast_2d, values)), axis=1)
        return columns[:, before] * (1 - part) + columns[:, before + 1] * part

    x, y = zip(*corners, strict=True)
    return _curve(between(x), between(y))


def _cup(vary: Vary, strokes: Array) -> list[Array]:
    width, foot, rim = vary(0.28, 0.36), vary(0.16, 0.26), vary(0.04, 0.08)
    left, right = 0.42 - width, 0.42 + width
    handle = vary(0.13, 0.19)

    def steam(x: float) -> Array:
        t = np.linspace(0, 1, 9)
        return _curve(x + 0.035 * np.sin(2 * np.pi * t), 0.22 - 0.2 * t)

    return [
        _path((left, 0.35), (0.42 - foot, 0.97), (0.42 + foot, 0.97), (right, 0.35)),
        _arc(0.42, 0.35, width, rim),
        _arc(right - 0.03, 0.58, handle, handle * 0.95, start=-0.25, turn=0.5, points=12),
        steam(0.34),
        steam(0.5),
    ]


def _face(vary: Vary, strokes: Array) -> list[Array]:
    width, eyes, gaze = vary(0.4, 0.48), vary(0.15, 0.2), vary(0.36, 0.44)
    smile, mouth = vary(0.06, 0.16), vary(0.16, 0.24)
    return [
        _arc(0.5, 0.5, width, 0.48, start=-0.25, points=26),
        _arc(0.5 - eyes, gaze, 0.04, 0.05, points=9),
        _arc(0.5 + eyes, gaze, 0.04, 0.05, points=9),
        _arc(0.5, 0.68, mouth, smile, start=0.5, turn=-0.5, points=12),
        _path((0.51, 0.46), (0.46, 0.6), (0.52, 0.61), steps=3),
        _arc(0.5 - width - 0.03, 0.5, 0.07, 0.11, start=0.15, turn=0.7, points=10),
        _arc(0.5 + width + 0.03, 0.5, 0.07, 0.11, start=-0.35, turn=0.7, points=10),
    ]


def _fish(vary: Vary, strokes: Array) -> list[Array]:
    height, tail = vary(0.22, 0.33), vary(0.18, 0.28)
    t = np.linspace(0, 1, 15)
    x, bow = 0.05 + 0.7 * t, np.sin(np.pi * t**0.8)
    back = _curve(x, 0.5 - height * bow)
    belly = _curve(x, 0.5 + height * bow)[..., ::-1, :]
    fin = 0.5 - height * 0.97
    return [
        np.concatenate([back, belly], axis=-2),
        _path((0.74, 0.5), (0.96, 0.5 - tail), (0.91, 0.5), (0.96, 0.5 + tail), (0.74, 0.5)),
        _arc(0.2, 0.43, 0.025, 0.03, points=9),
        _arc(0.3, 0.5, 0.1, height * 0.7, start=-0.2, turn=0.4, points=9),
        _path((0.3, fin), (0.5, fin - 0.15), (0.57, fin + 0.06)),
        _arc(0.03, 0.2, 0.035, 0.035, points=9),
    ]


def _flower(vary: Vary, strokes: Array) -> list[Array]:
    core, reach, bend = vary(0.09, 0.12), vary(0.12, 0.15), vary(-0.1, 0.1)
    petals, first = strokes - 2, vary(0, 1)

    def petal(k: int) -> Array:
        angle = 2 * np.pi * (first + k / petals)
        away = core + reach
        x, y = 0.5 + away * np.cos(angle), 0.36 + away * np.sin(angle)
        t = 2 * np.pi * np.linspace(0, 1, 13) + np.pi
        along, across = reach * np.cos(t), np.pi * away / petals * 0.95 * np.sin(t)
        return _curve(
            x + along * np.cos(angle) - across * np.sin(angle),
            y + along * np.sin(angle) + across * np.cos(angle),
        )

    t = np.linspace(0, 1, 9)
    down = 0.36 + core + 2 * reach
    stem = _curve(0.5 + bend * np.sin(np.pi * t), down + (1 - down) * t)
    return [_arc(0.5, 0.36, core, core, points=13), stem, *map(petal, range(7))]


def _house(vary: Vary, strokes: Array) -> list[Array]:
    eaves, ridge, door = vary(0.38, 0.5), vary(0.28, 0.72), vary(0.18, 0.5)
    window = vary(0.58, 0.64)
    left, right = window + 0.02, window + 0.18
    return [
        _path((0.1, eaves), (0.1, 1), (0.9, 1), (0.9, eaves), (0.1, eaves)),
        _path((0.0, eaves), (ridge, 0), (1.0, eaves)),
        _path((door, 1), (door, 0.66), (door + 0.17, 0.66), (door + 0.17, 1)),
        _path((left, 0.6), (right, 0.6), (right, 0.77), (left, 0.77), (left, 0.6), steps=2),
        _path((0.78, eaves * 0.62), (0.78, 0.03), (0.9, 0.03), (0.9, eaves * 0.84), steps=3),
    ]


def _star(vary: Vary, strokes: Array) -> list[Array]:
    waist, turned = vary(0.17, 0.23), vary(-0.04, 0.04)
    radii = [0.42 if k % 2 == 0 else waist for k in range(11)]
    angles = [2 * np.pi * (turned + k / 10 - 0.25) for k in range(11)]
    polar = zip(radii, angles, strict=True)
    outline = _path(*((0.5 + r * np.cos(a), 0.5 + r * np.sin(a)) for r, a in polar), steps=3)

    def ray(k: int) -> Array:  # light between two tips
        a = angles[2 * k + 1]
        x, y = np.cos(a), np.sin(a)
        return _path((0.5 + 0.4 * x, 0.5 + 0.4 * y), (0.5 + 0.52 * x, 0.5 + 0.52 * y), steps=2)

    return [outline, *map(ray, (0, 4, 1, 3, 2))]


SHAPES = {
    "cup": Word(3, 5, _cup),
    "face": Word(4, 7, _face),
    "fish": Word(3, 6, _fish),
    "flower": Word(7, 9, _flower),
    "house": Word(3, 5, _house),
    "star": Word(1, 6, _star),
}
