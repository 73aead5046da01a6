"""A pen for flat, smooth-edged pictures, with curves and colours to draw.

Colours are float64 [3], RGB in 0 to 255. Points are float64 [n, 2], x to the right and y
down, in pixels of the finished picture.
"""

from __future__ import annotations

import colorsys
import dataclasses
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

OVERSAMPLING = 2
_FRACTION_BITS = 4  # of the coordinates handed to OpenCV
_STEPS = 6  # points on a curve for each of its knots

Array = npt.NDArray[Any]
Points = Array | Sequence[tuple[float, float]]


@dataclasses.dataclass(frozen=True)
class Pen:
    """A pen that draws on a shared canvas, in coordinates of its own.

    canvas: uint8 [height, width, 3], OVERSAMPLING times the finished picture, RGB.
    matrix: float64 [2, 3], from the pen's coordinates to pixels of the finished picture.
    """

    canvas: Array
    matrix: Array

    def moved(self, dx: float, dy: float = 0.0) -> Pen:
        """Returns a pen whose origin lies at (dx, dy) of this one's coordinates."""
        matrix = self.matrix.copy()
        matrix[:, 2] += matrix[:, :2] @ (dx, dy)
        return Pen(self.canvas, matrix)

    def turned(self, degrees: float, about: tuple[float, float]) -> Pen:
        """Returns a pen turned clockwise about a point of this one's coordinates."""
        angle = np.deg2rad(degrees)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        pivot = self.moved(*about).matrix
        turned = Pen(self.canvas, np.column_stack([pivot[:, :2] @ turn, pivot[:, 2]]))
        return turned.moved(-about[0], -about[1])

    def fill(self, points: Points, colour: Array) -> None:
        """Fills a closed outline."""
        inside = [self._fixed(points)]
        cv2.fillPoly(self.canvas, inside, colour.tolist(), cv2.LINE_AA, _FRACTION_BITS)

    def fill_both(self, knots: Points, colour: Array) -> None:
        """Fills a smooth outline whose right half goes through the knots, from top to bottom."""
        self.fill(mirrored(smooth(knots)), colour)

    def line(self, points: Points, colour: Array, width: float) -> None:
        """Draws an open line with round ends, `width` pixels wide."""
        thickness = max(1, round(width * OVERSAMPLING))
        pen = colour.tolist(), thickness, cv2.LINE_AA, _FRACTION_BITS
        cv2.polylines(self.canvas, [self._fixed(points)], False, *pen)

    def curve(self, knots: Points, colour: Array, width: float) -> None:
        """Draws a smooth line through the knots."""
        self.line(smooth(knots), colour, width)

    def tint(self, points: Points, colour: Array, share: float, soft: float = 0.0) -> None:
        """Mixes `share` of the colour into the canvas; `soft` blurs the edge, in pixels."""
        fixed = self._fixed(points)
        margin = int(3 * soft * OVERSAMPLING) + 1
        low = np.maximum((fixed.min(axis=0) >> _FRACTION_BITS) - margin, 0)
        high = (fixed.max(axis=0) >> _FRACTION_BITS) + margin + 1
        part = self.canvas[low[1] : high[1], low[0] : high[0]]
        if not part.size:
            return
        mask: Array = np.zeros(part.shape[:2], np.uint8)
        cv2.fillPoly(mask, [fixed - (low << _FRACTION_BITS)], 255, cv2.LINE_AA, _FRACTION_BITS)
        if soft:
            mask = cv2.GaussianBlur(mask, (0, 0), soft * OVERSAMPLING)
        weight = mask[..., np.newaxis] * np.float32(share / 255)
        part[:] = np.rint(part + (colour.astype(np.float32) - part) * weight)

    def _fixed(self, points: Points) -> Array:
        """Returns points on the canvas in units of 1 / 2**_FRACTION_BITS pixels, int32 [n, 2]."""
        placed = np.asarray(points) @ self.matrix[:, :2].T + self.matrix[:, 2]
        # whole coordinates are the centres of pixels, in the finished picture and on the canvas
        return np.rint(((placed + 0.5) * OVERSAMPLING - 0.5) * 2**_FRACTION_BITS).astype(np.int32)


def smooth(knots: Points, closed: bool = False) -> Array:
    """Returns a Catmull-Rom curve through the knots, float64 [n, 2].

    Source: Catmull and Rom, "A class of local interpolating splines", 1974.
    """
    p = np.asarray(knots, np.float64)
    wrapped = np.concatenate([p[-1:], p, p[:2]] if closed else [p[:1], p, p[-1:]])
    windows = np.stack([wrapped[k : len(wrapped) - 3 + k] for k in range(4)], axis=1)
    curve = (_CATMULL_ROM @ windows).reshape(-1, 2)
    return curve if closed else np.concatenate([curve, p[-1:]])


def mirrored(half: Points) -> Array:
    """Returns the right half of an outline, top to bottom, and its mirror image back up."""
    right = np.asarray(half, np.float64)
    return np.concatenate([right, right[::-1] * (-1, 1)])


def ribbon(line: Points, depth: float) -> Array:
    """Returns the closed strip between a line and the same line `depth` pixels further down."""
    upper = np.asarray(line, np.float64)
    return np.concatenate([upper, np.add(upper[::-1], (0, depth))])


def ellipse(x: float, y: float, rx: float, ry: float, power: float = 2.0) -> Array:
    """Returns a closed ellipse around (x, y), squarer with a power above 2 (a superellipse)."""
    bent = np.sign(_CIRCLE) * np.abs(_CIRCLE) ** (2 / power)
    return bent * (rx, ry) + (x, y)


def waved(line: Array, height: float, waves: float) -> Array:
    """Returns the line swinging sideways `waves` times by up to `height` pixels."""
    along = np.gradient(line, axis=0)
    normal = along[:, ::-1] * (1, -1) / np.linalg.norm(along, axis=1, keepdims=True)
    phase = np.linspace(0, 2 * np.pi * waves, len(line))
    return line + height * np.sin(phase)[:, np.newaxis] * normal


def rgb(red: float, green: float, blue: float) -> Array:
    return np.array([red, green, blue], np.float64)


def hsv(hue: float, saturation: float, value: float) -> Array:
    """Returns the colour of hue, saturation and value, each in [0, 1]."""
    return 255 * np.array(colorsys.hsv_to_rgb(hue, saturation, value))


def mix(colour: Array, other: Array, share: float | Array) -> Array:
    """Returns a mix: `share` of the other colour, the rest of the first."""
    return colour + (other - colour) * share


def between(palette: Array, place: float) -> Array:
    """Returns the colour at `place` in [0, 1] along a palette, float64 [n, 3]."""
    at = place * (len(palette) - 1)
    below = min(int(at), len(palette) - 2)
    return mix(palette[below], palette[below + 1], at - below)


def _catmull_rom(steps: int) -> Array:
    t = np.linspace(0, 1, steps, endpoint=False)[:, np.newaxis]
    weights = [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]
    return 0.5 * np.concatenate(weights, axis=1)


_CATMULL_ROM = _catmull_rom(_STEPS)
_ANGLES = np.linspace(0, 2 * np.pi, 40, endpoint=False)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1).round(12)
