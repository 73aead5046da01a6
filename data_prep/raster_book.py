"""The `book` rasterizer: what Pillow draws for the cookbook recipe, byte for byte.

The recipe is `ImageDraw.line([(x // 8, y // 8), ...], fill=0, width=2)` for each stroke
on a white 32x32 image. Pillow fills, for each segment, a thin parallelogram by scan
lines, in single precision and with rules of its own for corners and rounding. Those rules
are restated here for width 2, where the parallelogram is the segment and a copy of it one
pixel aside. A stroke of a single point draws nothing: Pillow draws segments only.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from data_prep.drawings import HEADER, _u16

SIDE = 32
UNITS_PER_PIXEL = 8


@njit(cache=True, nogil=True)
def draw(buffer, offsets, images):
    """Draws record i of the batch into images[i], uint8 [32, 32], black (0) on white (255)."""
    images[:] = 255
    for i in range(len(images)):
        at = offsets[i] + HEADER
        for _ in range(_u16(buffer, at - 2)):
            points = _u16(buffer, at)
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
    # The unit normal, each component rounded to -1, 0 or 1 with halves towards 0.
    # 2 * |d| > length exactly when 4 * d^2 > length^2.
    square = dx * dx + dy * dy
    aside = (dy > 0) - (dy < 0) if 4 * dy * dy > square else 0
    below = (dx > 0) - (dx < 0) if 4 * dx * dx > square else 0
    vx = (x0, x1, x1 + aside, x0 + aside)
    vy = (y0 + below, y1 + below, y1, y0)
    slope = (
        _slope(vx[0], vy[0], vx[1], vy[1]),
        _slope(vx[1], vy[1], vx[2], vy[2]),
        _slope(vx[2], vy[2], vx[3], vy[3]),
        _slope(vx[3], vy[3], vx[0], vy[0]),
    )
    for i in range(4):  # level edges, ends included
        j = (i + 1) & 3
        if vy[i] == vy[j]:
            _fill(image, vy[i], min(vx[i], vx[j]), max(vx[i], vx[j]))
    first, last = min(vy), max(vy)
    for y in range(max(first, 0), min(last, SIDE - 1) + 1):
        _fill_row(image, y, last, vx, vy, slope)


@njit(cache=True, nogil=True)
def _fill_row(image, y, last, vx, vy, slope):
    """Fills between the 1st and 2nd, 3rd and 4th, ... crossing of row y with the edges."""
    far = np.float32(1e9)
    a, b, c, d = far, far, far, far  # the four smallest crossings, ascending
    count = 0
    for i in range(4):
        j = (i + 1) & 3
        low, high = min(vy[i], vy[j]), max(vy[i], vy[j])
        if low == high or y < low or y > high:
            continue
        x = _crossing(i, y, vx, vy, slope)
        copies = 1
        if y == high and y < last:
            copies = 2  # this edge ends and another begins: the pairing must not shift
        elif y in (low, high) and slope[i] != 0:
            x = _corner(i, x, y, -1 if y == high else 1, vx, vy, slope)
        for _ in range(copies):
            v = x
            a, v = min(a, v), max(a, v)
            b, v = min(b, v), max(b, v)
            c, v = min(c, v), max(c, v)
            d = min(d, v)
        count += copies
    if count >= 2:
        _fill(image, y, _round_up(a), _round_down(b))
    if count >= 4:
        _fill(image, y, _round_up(c), _round_down(d))


@njit(cache=True, nogil=True)
def _corner(i, x, y, step, vx, vy, slope):
    """Moves the tip x of edge i next to the row beside it, where another edge shares the tip.

    Without it a flat corner would leave a gap between its tip and its next row.
    """
    one = np.float32(1)
    for k in range(i):
        m = (k + 1) & 3
        if (y != vy[k] and y != vy[m]) or slope[k] == 0:
            continue
        if _round(x) != _round(_crossing(k, y, vx, vy, slope)):
            continue
        if not min(vy[k], vy[m]) <= y + step <= max(vy[k], vy[m]):
            continue
        p = _crossing(i, y + step, vx, vy, slope)
        q = _crossing(k, y + step, vx, vy, slope)
        if x > p + one and x > q + one:
            return _round(max(p, q)) + one
        if x < p - one and x < q - one:
            return _round(min(p, q)) - one
        return x
    return x


@njit(cache=True, nogil=True)
def _fill(image, y, left, right):
    if 0 <= y < SIDE:
        for x in range(max(left, 0), min(right, SIDE - 1) + 1):
            image[y, x] = 0


@njit(cache=True, nogil=True)
def _slope(x0, y0, x1, y1):
    return np.float32(0) if y0 == y1 else np.float32(x1 - x0) / np.float32(y1 - y0)


@njit(cache=True, nogil=True)
def _crossing(i, y, vx, vy, slope):
    return np.float32(y - vy[i]) * slope[i] + np.float32(vx[i])


@njit(cache=True, nogil=True)
def _round(x):  # halves away from zero
    return np.float32(math.copysign(math.floor(abs(x) + np.float32(0.5)), x))


@njit(cache=True, nogil=True)
def _round_up(x):
    half = np.float32(0.5)
    return math.floor(x + half) if x >= 0 else -math.floor(half - x)


@njit(cache=True, nogil=True)
def _round_down(x):
    half = np.float32(0.5)
    return math.ceil(x - half) if x >= 0 else -math.ceil(-x - half)
