"""The hair, hats and beards of the procedural faces. Coordinates are those of `face_head`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.synthetic.face_head import Colours, Head
from data_prep.synthetic.face_model import Face
from data_prep.synthetic.face_pen import Pen, ellipse, mirrored, mix, rgb, ribbon, smooth, waved

Array = npt.NDArray[Any]

_TIP = {"short": 20.0, "medium": 46.0, "long": 108.0}  # how far down the hair reaches, in y
_CURLS = 13  # bumps around a short wavy head


def hair_behind(pen: Pen, face: Face, head: Head, colours: Colours) -> None:
    """Draws the part of medium and long hair that hangs behind the head."""
    length, tip = face.traits["length"], _TIP[face.traits["length"]]
    if length == "short":
        return
    w = head.width
    ends = [(w + 12, 4), (w + 14, tip - 14), (w + 9, tip)]
    side = smooth([(0, -66), (30, -61), (w + 8, -36), *ends])
    if face.traits["texture"] == "wavy":
        side[18:] = waved(side[18:], 3.6, (tip + 20) / 24)
    pen.fill(mirrored(np.concatenate([side, [(0, tip - 2)]])), colours.hair_dark)


def front_hair(pen: Pen, face: Face, head: Head, colours: Colours) -> None:
    """Draws the hair around the forehead; on a bald head, the tufts at the sides."""
    if face.traits["hair"] == "bald":
        _bald_sides(pen, head, colours)
        return
    if (face.traits["length"], face.traits["texture"]) == ("short", "wavy"):
        for angle in np.linspace(-0.12, np.pi + 0.12, _CURLS):
            x, y = (head.width - 1) * np.cos(angle), -14 - 44 * np.sin(angle)
            pen.fill(ellipse(x, y, 9.5, 9.5), colours.hair)
    edges = np.concatenate([_outer(face, head), _hairline(face, head)])
    pen.fill(mirrored(edges), colours.hair)
    _strands(pen, face, head, colours)


def fringe(pen: Pen, face: Face, head: Head, colours: Colours) -> None:
    """Draws bangs over the forehead, down to the brows."""
    w = 0.86 * head.width
    ends = np.linspace(w, -w, 13)
    drop = np.where(np.arange(13) % 2, -20.0, -14.5) - 4 * (ends / w) ** 2
    teeth = np.column_stack([ends, drop])
    if face.traits["texture"] == "wavy":
        for x in ends[1::2]:
            pen.fill(ellipse(x, -23 - 5 * (x / w) ** 2, 8.5, 8.5), colours.hair)
        teeth[:, 1] = -22 - 4 * (ends / w) ** 2
    top = smooth([(-w - 2, -26), (-0.6 * w, -50), (0, -56), (0.6 * w, -50), (w + 2, -26)])
    pen.fill(np.concatenate([top, teeth]), colours.hair)
    for x in ends[2:-1:3]:
        pen.curve([(0.7 * x, -48), (0.9 * x, -36), (x, -25)], colours.hair_dark, 1.2)


def hat(pen: Pen, face: Face, head: Head, colours: Colours) -> None:
    w = head.width + (3 if face.traits["length"] == "short" else 9)
    dark = mix(colours.accent, rgb(20, 10, 30), 0.35)
    if face.traits["hat"] == "beanie":
        pen.fill_both([(0, -76), (24, -73), (w - 3, -54), (w + 1, -30)], colours.accent)
        for x in (-0.6, -0.2, 0.2, 0.6):
            pen.curve([(0.5 * x * w, -72), (0.9 * x * w, -56), (x * w, -42)], dark, 1.2)
        pen.fill(ribbon(smooth([(-w - 1, -42), (0, -47), (w + 1, -42)]), 16), dark)
        return
    pen.fill_both([(0, -74), (22, -76), (w - 10, -66), (w - 4, -36)], colours.accent)
    pen.fill(ribbon(smooth([(-w + 5, -47), (0, -50), (w - 5, -47)]), 14), dark)
    brim = [(0, -42), (w, -39), (w + 18, -32), (w + 14, -27), (w - 8, -28), (0, -31)]
    pen.fill_both(brim, mix(colours.accent, dark, 0.3))


def beard(pen: Pen, face: Face, head: Head, colours: Colours) -> None:
    """Draws all beard below the eyes; the mouth is drawn over it."""
    kind = face.traits["beard"]
    hair = mix(colours.hair, colours.hair_dark, 0.5)
    if kind == "shadow":
        stubble = mix(colours.skin, mix(colours.hair_dark, rgb(60, 66, 84), 0.4), 0.42)
        pen.tint(_full_beard(head, -2.5, 14), stubble, 0.95, soft=2.0)
    if kind == "full":
        pen.fill(_full_beard(head, 3.0, -8), hair)
    if kind == "goatee":
        c = head.chin
        pen.fill_both([(0, c - 12), (9, c - 11), (14, c - 4), (10, c + 3), (0, c + 6)], hair)


def mustache(pen: Pen, face: Face, colours: Colours) -> None:
    hair = mix(colours.hair, colours.hair_dark, 0.5)
    pen.fill_both([(0, 23), (8, 22.5), (17, 28), (22, 33), (13, 32), (5, 29.5), (0, 30)], hair)


def _full_beard(head: Head, grow: float, top: float) -> Array:
    """Returns a closed outline from the ears along the jaw and over the chin, around the mouth."""
    edge = head.half(grow)
    edge = edge[edge[:, 1] > top]
    w = head.width
    inner = smooth([(0, 23), (13, 23), (24, 27), (w - 11, 16), (w - 7, top)])
    return mirrored(np.concatenate([inner, edge]))


def _outer(face: Face, head: Head) -> Array:
    """Returns the right outer edge of the front hair, from the crown down."""
    w = head.width
    if face.traits["length"] == "short":
        return smooth([(0, -65), (24, -63), (w - 1, -46), (w + 5, -22), (w + 2, -2), (w - 1, 6)])
    tip = _TIP[face.traits["length"]]
    ends = [(w + 11, 4), (w + 14, 0.6 * tip), (w + 12, tip)]
    edge = smooth([(0, -67), (30, -62), (w + 8, -36), *ends])
    if face.traits["texture"] == "wavy":
        edge[18:] = waved(edge[18:], 3.6, (tip + 28) / 24)
    return edge


def _hairline(face: Face, head: Head) -> Array:
    """Returns the right inner edge of the front hair, from its end to the mid-forehead."""
    w = head.width
    over = [(w - 7, -24), (24, -35), (0, -38)]
    if face.traits["hairline"] == "receding":
        over = [(w - 4, -24), (0.72 * w, -38), (0.5 * w, -46), (0.22 * w, -44), (0, -39)]
    if face.traits["length"] == "short":
        return smooth([(w - 3, 4), (w - 4, -10), *over])
    tip = _TIP[face.traits["length"]]
    edge = smooth([(w + 2, tip - 4), (w - 1, 0.5 * tip), (w - 3, 0), *over])
    if face.traits["texture"] == "wavy":
        edge[:13] = waved(edge[:13], 2.2, tip / 24)
    return edge


def _strands(pen: Pen, face: Face, head: Head, colours: Colours) -> None:
    """Draws a shine over the crown, and lines along the hair."""
    w = head.width
    pen.curve([(-0.62 * w, -50), (-0.3 * w, -58), (0.1 * w, -59)], colours.hair_light, 3.0)
    if face.traits["length"] == "short":
        return
    tip = _TIP[face.traits["length"]] - 8
    for side in (-1, 1):
        strand = smooth([(side * (w + 3), -24), (side * (w + 6), 8), (side * (w + 6), tip)])
        if face.traits["texture"] == "wavy":
            strand = waved(strand, 2.5, (tip + 24) / 24)
        pen.line(strand, colours.hair_dark, 1.5)


def _bald_sides(pen: Pen, head: Head, colours: Colours) -> None:
    w = head.width
    for side in (-1, 1):
        tuft = [(w - 4, 6), (w - 5, -10), (w - 3, -24), (w + 2, -20), (w + 5, -6), (w + 1, 6)]
        pen.fill(smooth(np.array(tuft) * (side, 1), closed=True), colours.hair)
    pen.tint(ellipse(-14, -40, 13, 5), rgb(255, 255, 255), 0.35, soft=2.0)
