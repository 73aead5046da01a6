"""The `book` rasterizer: the pixels that Pillow draws for the cookbook's recipe.

The recipe is `ImageDraw.line([(x // 8, y // 8), ...], fill=0, width=2)` for each stroke on
a white 32x32 image. Pillow fills, for each segment, the parallelogram between it and a copy
of it one pixel aside, row by row and in single precision. This is that fill without the parts
that width 2 never needs; the tests compare it with Pillow for every slope from every column.
A stroke of a single point draws nothing: Pillow draws segments only.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from data_prep.formats.quickdraw_binary import HEADER, u16

SIDE = 32
UNITS_PER_PIXEL = 8


@njit(cache=True, nogil=True)
def draw(buffer, offsets, images):
    """Draws record i of the batch into images[i], uint8 [32, 32], black (0) on white (255)."""
    images[:] = 255
    for i in range(len(images)):
        at = offsets[i] + HEADER
        for _ in range(u16(buffer, at - 2)):
            points = u16(buffer, at)
            xs = buffer[at + 2 : at + 2 + points]
            ys = buffer[at + 2 + points : at + 2 + 2 * points]
            at += 2 + 2 * points
            x0, y0 = xs[0] // UNITS_PER_PIXEL, ys[0] // UNITS_PER_PIXEL
            for p in range(1, points):
                x1, y1 = xs[p] // UNITS_PER_PIXEL, ys[p] // UNITS_PER_PIXEL
                _draw_segment(images[i], x0, y0, x1, y1)
                x0, y0 = x1, y1


@njit(cache=True, nogil=True)
def _draw_segment(image, x0, y0, x1, y1):
    dx, dy = x1 - x0, y1 - y0
    if dx == 0 and dy == 0:
        image[y0, x0] = 0
        return
    # The unit normal, its parts rounded to -1, 0 or 1 with halves towards 0. In integers:
    # |d| / length > 1/2 where 4 d^2 > length^2.
    square = dx * dx + dy * dy
    aside = np.sign(dy) if 4 * dy * dy > square else 0
    below = np.sign(dx) if 4 * dx * dx > square else 0
    top, bottom = min(y0, y1), max(y0, y1)
    slope = np.float32(dx) / np.float32(dy) if dy != 0 else np.float32(0)
    for y in range(max(top + min(below, 0), 0), min(bottom + max(below, 0), SIDE - 1) + 1):
        left, right = np.float32(SIDE), np.float32(-1)
        if dy == 0:
            left, right = np.float32(min(x0, x1)), np.float32(max(x0, x1))
        else:
            if top + below <= y <= bottom + below:  # the side from (x0, y0 + below)
                x = np.float32(y - y0 - below) * slope + np.float32(x0)
                left, right = min(left, x), max(right, x)
            if top <= y <= bottom:  # the side from (x1 + aside, y1)
                x = np.float32(y - y1) * slope + np.float32(x1 + aside)
                left, right = min(left, x), max(right, x)
        first = max(math.floor(left + np.float32(0.5)), 0)
        last = min(math.ceil(right - np.float32(0.5)), SIDE - 1)
        for column in range(first, last + 1):
            image[y, column] = 0
