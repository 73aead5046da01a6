"""The drawing of a procedural face: a flat cartoon with the proportions of an aligned photo.

The eyes are where CelebA's alignment puts them, and the centre 148 x 148 crop holds the
whole head, from the hat to the knot of the tie.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from data_prep.synthetic import face_features, face_hair
from data_prep.synthetic.face_head import Colours, Head
from data_prep.synthetic.face_model import Face
from data_prep.synthetic.face_pen import OVERSAMPLING, Pen, ellipse, mirrored, mix, rgb, smooth

WIDTH, HEIGHT = 178, 218  # pixels, as CelebA's aligned pictures
EYE_LEVEL = (89.0, 111.0)  # the point between the eyes

_WHITE, _INK, _GOLD = rgb(255, 255, 255), rgb(40, 30, 34), rgb(246, 198, 62)
_DEPTH = {"ears": -1.0, "brow": 1.5, "eyes": 2.0, "mouth": 2.5, "nose": 4.0}  # pixels at yaw 1

Array = npt.NDArray[Any]


def draw_face(face: Face) -> npt.NDArray[np.uint8]:
    """Draws a face; returns uint8 [HEIGHT, WIDTH, 3], RGB."""
    colours, head = Colours(face), Head(face)
    canvas = _backdrop(colours)
    pen = Pen(canvas, np.array([[1, 0, EYE_LEVEL[0]], [0, 1, EYE_LEVEL[1]]]))
    body = pen.moved(face.measures["shift"])
    pen = body.turned(face.measures["roll"], about=(0, 40))
    face_hair.hair_behind(pen, face, head, colours)
    _clothes(body, face, colours)
    _neck(body, face, head, colours)
    _head(pen, face, head, colours)
    _hair_and_worn(pen, face, head, colours)
    small: Array = cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return small


def _backdrop(colours: Colours) -> Array:
    """Returns a canvas with a wall, a little lighter at the top."""
    light = np.linspace(0.25, 0.0, HEIGHT * OVERSAMPLING)[:, np.newaxis, np.newaxis]
    rows = np.rint(mix(colours.backdrop, _WHITE, light)).astype(np.uint8)
    return np.repeat(rows, WIDTH * OVERSAMPLING, axis=1)


def _clothes(pen: Pen, face: Face, colours: Colours) -> None:
    tie = face.traits["necktie"] == "yes"
    cloth = mix(colours.clothes, rgb(30, 32, 48), 0.65) if tie else colours.clothes
    pen.fill_both([(0, 53), (24, 54), (44, 63), (72, 73), (92, 94), (98, 130)], cloth)


def _neck(pen: Pen, face: Face, head: Head, colours: Colours) -> None:
    """Draws the neck with the chin's shadow, and the tie or necklace around it."""
    half = 16.0 + 5.0 * (face.traits["sex"] == "male") + 3.0 * face.measures["fullness"]
    tie = face.traits["necktie"] == "yes"
    deep = 64 if tie else 73
    sides = [(half, 30), (half, 50)]
    pen.fill_both([*sides, (half + 8, 57), (0.4 * half, deep), (0, deep + 1)], colours.skin)
    shade = mix(colours.skin, colours.shadow, 0.8)
    pen.fill_both([*sides, (half - 6, head.chin + 6), (0, head.chin + 8)], shade)
    if tie:
        shirt = [(0, 62), (half + 1, 46), (half + 9, 55), (13, 76), (18, 110), (0, 110)]
        pen.fill(mirrored(shirt), rgb(244, 246, 250))
        pen.fill(mirrored([(0, 57), (8, 57), (5.5, 67), (11.5, 110), (0, 118)]), colours.accent)
        pen.line([(-5.5, 67.5), (5.5, 67.5)], mix(colours.accent, _INK, 0.5), 1.5)
        for side in (-1, 1):
            wing = [(half, 46), (half + 9, 55), (12, 70), (5, 59)]
            pen.line(np.array([*wing, wing[0]]) * (side, 1), rgb(176, 182, 196), 1.2)
    if face.traits["necklace"] == "yes":
        chain = smooth([(-half - 3, 54), (-half + 4, 62), (0, 67), (half - 4, 62), (half + 3, 54)])
        pen.line(chain, mix(_GOLD, _INK, 0.35), 2.6)
        for x, y in chain[2::4]:
            pen.fill(ellipse(x, y, 2.3, 2.3), _GOLD)


def _head(pen: Pen, face: Face, head: Head, colours: Colours) -> None:
    """Draws the bare head with its features."""
    traits = face.traits

    def at(part: str) -> Pen:
        return pen.moved(face.measures["yaw"] * _DEPTH[part])

    w, c = head.width, head.chin
    for side in (-1, 1):
        ear = at("ears").moved(side * (w + 1.0), 6)
        ear.fill(ellipse(0, 0, 6, 10), colours.skin)
        ear.fill(ellipse(0, 1, 3, 6), colours.shadow)
    if traits["double_chin"] == "yes":
        fold = [(0.7 * w, c - 14), (0.62 * w, c + 1), (0.3 * w, c + 8), (0, c + 9)]
        pen.fill_both(fold, mix(colours.skin, colours.shadow, 0.35))
    pen.fill(mirrored(head.half()), colours.skin)
    if traits["double_chin"] == "yes":
        crease = [(-20, c - 6), (-10, c - 1), (0, c), (10, c - 1), (20, c - 6)]
        pen.curve(crease, colours.line, 1.6)
    if traits["cheeks"] == "rosy":
        face_features.cheeks(at("eyes"), face, head)
    face_hair.beard(pen, face, head, colours)
    if traits["age"] == "old":
        face_features.wrinkles(at("eyes"), head, colours)
    if traits["bags"] == "yes":
        face_features.bags(at("eyes"), colours)
    face_features.eyes(at("eyes"), face, colours)
    face_features.brows(at("brow"), face, colours)
    face_features.nose(at("nose"), face, colours)
    if traits["beard"] in ("mustache", "full"):
        face_hair.mustache(at("mouth"), face, colours)
    face_features.mouth(at("mouth"), face, colours)


def _hair_and_worn(pen: Pen, face: Face, head: Head, colours: Colours) -> None:
    """Draws hair, glasses, hat and earrings over the head."""
    traits, yaw = face.traits, face.measures["yaw"]
    face_hair.front_hair(pen.moved(0.5 * yaw), face, head, colours)
    if traits["bangs"] == "yes":
        face_hair.fringe(pen.moved(yaw), face, head, colours)
        face_features.brows(pen.moved(_DEPTH["brow"] * yaw), face, colours)
    if traits["glasses"] != "none":
        face_features.glasses(pen.moved(_DEPTH["eyes"] * yaw), face, head, colours)
    if traits["hat"] != "none":
        face_hair.hat(pen, face, head, colours)
    if traits["earrings"] == "yes":
        for side in (-1, 1):
            drop = pen.moved(_DEPTH["ears"] * yaw + side * (head.width + 3), 19)
            drop.fill(ellipse(0, 0, 4.6, 4.6), mix(_GOLD, _INK, 0.45))
            drop.fill(ellipse(0, 0, 3.7, 3.7), _GOLD)
