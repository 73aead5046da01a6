"""The features of a procedural face: eyes, nose, mouth and the skin around them.

Coordinates are those of `face_head`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.synthetic.face_head import Colours, Head
from data_prep.synthetic.face_model import Face
from data_prep.synthetic.face_pen import Pen, ellipse, hsv, mix, rgb, ribbon, smooth

EYE = 20.0  # pixels from the middle of the face, as CelebA's alignment puts them
MOUTH = 33.0  # pixels below the eyes

_WHITE, _INK = rgb(255, 255, 255), rgb(40, 30, 34)

Array = npt.NDArray[Any]


def eyes(pen: Pen, face: Face, colours: Colours) -> None:
    for side in (-1, 1):
        _eye(pen.moved(side * EYE), side, face, colours)


def brows(pen: Pen, face: Face, colours: Colours) -> None:
    """Draws brows, thicker with `brow_size`; arched ones rise to a peak."""
    thick = 1.6 + 3.6 * face.measures["brow_size"] + 0.7 * (face.traits["sex"] == "male")
    arch = 4.5 if face.traits["brows"] == "arched" else 1.0
    hair = mix(colours.hair_dark, colours.line, 0.3)
    for side in (-1, 1):
        middle = [(8.5, -15.5), (15.5, -16.5 - 0.6 * arch), (23.5, -16.0 - arch), (31.5, -12.5)]
        taper = np.array([1.0, 1.0, 0.8, 0.2])[:, np.newaxis] * (0, thick / 2)
        brow = np.concatenate([smooth(middle - taper), smooth(middle + taper)[::-1]])
        pen.fill(brow * (side, 1), hair)


def nose(pen: Pen, face: Face, colours: Colours) -> None:
    size = face.measures["nose_size"]
    pointy = face.traits["nose"] == "pointy"
    wide, low = 3.5 + 9.5 * size, 19.0 + 2.5 * size + 3.0 * pointy
    if pointy:
        ridge = mix(colours.shadow, colours.line, 0.5)
        side = [(2.0, -7), (3.0, 6), (5.5, 15), (4.0, 19), (0.5, low + 1)]
        pen.fill(smooth([(0, -7), *side, (-2.0, low - 2), (-1, 8)], closed=True), ridge)
        pen.curve([(-4, 18), (0, low + 1), (4, 18)], colours.line, 1.6)
        return
    ball = [(2.5, 2), (3, 9), (wide, 13), (wide + 0.5, 17), (0.5 * wide, low), (-0.5 * wide, low)]
    ball += [(-wide - 0.5, 17), (-wide, 13), (-1, 10), (0, 2)]
    pen.fill(smooth(ball, closed=True), colours.shadow)
    edge = [(-wide, 15.5), (-0.6 * wide, low), (0, low - 1), (0.6 * wide, low), (wide, 15.5)]
    pen.curve(edge, colours.line, 1.6)
    if size > 0.6:
        pen.tint(ellipse(-2, 12, 4, 3), colours.skin, 0.8, soft=1.0)


def mouth(pen: Pen, face: Face, colours: Colours) -> None:
    """Draws lips along a curve that `smile` bends up, and the gap that `opening` makes."""
    smile, opening = face.measures["smile"], face.measures["opening"]
    half = 13.0 + 6.0 * max(smile, 0.0)
    x = np.linspace(-1, 1, 25)
    arc = 1 - x**2
    full = face.measures["lip_size"]
    line = MOUTH + smile * (9.0 * arc - 5.0) - 1.0
    gap = opening * (5.0 + 6.0 * max(smile, 0.0)) * arc + (2.0 * opening) * arc**2
    bow = np.sqrt(arc) * (1 - 0.25 * np.exp(-((x / 0.15) ** 2)))
    upper = line - (1.8 + 3.8 * full) * bow
    lower = line + gap + (2.2 + 5.0 * full) * np.sqrt(arc)

    def area(top: Array, bottom: Array) -> Array:
        over = np.column_stack([half * x, top])
        return np.concatenate([over, np.column_stack([half * x, bottom])[::-1]])

    pen.fill(area(upper, lower), colours.lips)
    if opening:
        pen.fill(area(line - 0.3, line + gap), rgb(92, 22, 30))
        pen.fill(area(line - 0.3, line + np.minimum(0.55 * gap, 4.0)), rgb(252, 250, 244))
    else:
        pen.line(np.column_stack([half * x, line]), mix(colours.lips, _INK, 0.55), 1.5)
    if smile > 0.5:
        for side in (-1, 1):
            end = [(half + 2, line[0] - 3), (half + 4, line[0]), (half + 3, line[0] + 3.5)]
            pen.curve(np.array(end) * (side, 1), colours.line, 1.4)


def cheeks(pen: Pen, face: Face, head: Head) -> None:
    for side in (-1, 1):
        spot = ellipse(side * (head.width - 15), 18, 10, 7.5)
        pen.tint(spot, rgb(240, 70, 90), 0.5, soft=2.5)


def bags(pen: Pen, colours: Colours) -> None:
    for side in (-1, 1):
        arc = np.array([(-9, 8), (-4, 12), (2, 13), (9, 9)])
        bag = smooth(arc) * (side, 1) + (side * EYE, 0)
        pen.tint(ribbon(bag, -4), mix(colours.line, rgb(80, 50, 110), 0.4), 0.45, soft=0.6)
        pen.line(bag, mix(colours.line, colours.shadow, 0.3), 1.3)


def wrinkles(pen: Pen, head: Head, colours: Colours) -> None:
    """Draws wrinkles on the forehead, at the corners of the eyes and from nose to mouth."""
    soft = mix(colours.line, colours.skin, 0.25)
    for y, half in ((-27, 17), (-33, 14)):
        line = [(-half, y + 1), (-half / 2, y - 0.5), (0, y), (half / 2, y - 0.5), (half, y + 1)]
        pen.curve(line, soft, 1.4)
    for side in (-1, 1):
        for y in (-3, 2):
            pen.line(np.array([(EYE + 11, 0.5 * y), (EYE + 16, y * 1.6)]) * (side, 1), soft, 1.2)
        pen.curve(np.array([(11, 17), (17, 23), (20.5, 31)]) * (side, 1), soft, 1.7)


def glasses(pen: Pen, face: Face, head: Head, colours: Colours) -> None:
    frame = mix(colours.accent, _INK, 0.72)
    power = 2.0 if face.traits["glasses"] == "round" else 5.0
    for side in (-1, 1):
        lens = ellipse(side * EYE, 1.5, 15.5, 14.0 if power == 2.0 else 11.5, power)
        pen.tint(lens, _WHITE, 0.16)
        pen.line(np.concatenate([lens, lens[:1]]), frame, 2.8)
        pen.line([(side * (EYE + 15), -2), (side * (head.width + 1), -4)], frame, 2.4)
    pen.curve([(-5, 0), (0, -2.5), (5, 0)], frame, 2.6)


def _eye(pen: Pen, side: int, face: Face, colours: Colours) -> None:
    """Draws an eye around the pen's origin; `side` is -1 on the left of the picture."""
    female = face.traits["sex"] == "female"
    painted = face.traits["makeup"] == "yes"
    tall = 2.2 + 4.6 * face.measures["eye_size"]
    wide = 9.5
    if painted:
        lid = hsv(0.72 + 0.2 * face.measures["accent_hue"], 0.5, 0.55)
        pen.tint(ellipse(side * 1.5, -4.5, wide + 3, tall + 2.5), lid, 0.75, soft=1.0)
    eye = ellipse(0, 0, wide, tall, 1.8)
    pen.fill(eye, rgb(252, 250, 248))
    for radius, colour in ((5.6, colours.iris), (2.9, _INK)):
        disc = ellipse(0, -0.4, radius, radius)
        room = tall * np.sqrt(1 - (disc[:, 0] / wide) ** 2)
        disc[:, 1] = np.clip(disc[:, 1], -room, room)
        pen.fill(disc, colour)
    if tall > 4:
        pen.fill(ellipse(1.8, -2.2, 1.5, 1.5), _WHITE)
    lid_line = eye[eye[:, 1] <= 0.1]
    pen.line(lid_line[np.argsort(lid_line[:, 0])], _INK, 1.3 + 0.5 * female + 1.1 * painted)
    if female:
        for reach, rise in ((4.2, 3.6), (4.8, 1.2)):
            end = np.array([(wide - 1.5, -1.5), (wide + reach, -rise - 1.5)])
            pen.line(end * (side, 1), _INK, 1.2 + 0.6 * painted)
