"""Google's simplification of raw Quick Draw strokes, compiled.

The recipe of the data set's own documentation: (1) align the drawing to the top left
corner, (2) scale it uniformly so that its larger side is 255, (3) resample each stroke
at a spacing of 1 pixel, (4) simplify each stroke by Ramer-Douglas-Peucker with
epsilon 2. Coordinates are then rounded to whole pixels.
"""

from __future__ import annotations

import numpy as np
from numba import njit

SIDE = 255.0
SPACING = 1.0  # pixels
EPSILON = 2.0  # pixels


@njit(cache=True, nogil=True)
def resample(x, y, spacing):
    """Returns points every `spacing` along the polyline, its first and last points included.

    x, y: float64 [n], n >= 1. Returns two float64 arrays of equal length.
    """
    n = len(x)
    total = 0.0
    for i in range(1, n):
        total += np.hypot(x[i] - x[i - 1], y[i] - y[i - 1])
    room = int(total / spacing) + 3
    out_x, out_y = np.empty(room), np.empty(room)
    out_x[0], out_y[0] = x[0], y[0]
    count = 1
    due = spacing  # the arc length at which the next point is due
    run = 0.0  # the arc length at the start of the segment
    for i in range(1, n):
        dx, dy = x[i] - x[i - 1], y[i] - y[i - 1]
        length = np.hypot(dx, dy)
        while length > 0 and due <= run + length and count < room - 1:
            part = (due - run) / length
            out_x[count], out_y[count] = x[i - 1] + part * dx, y[i - 1] + part * dy
            count += 1
            due += spacing
        run += length
    if count == 1 or out_x[count - 1] != x[n - 1] or out_y[count - 1] != y[n - 1]:
        out_x[count], out_y[count] = x[n - 1], y[n - 1]  # a dot becomes two equal points
        count += 1
    return out_x[:count], out_y[:count]


@njit(cache=True, nogil=True)
def _distance(px, py, ax, ay, bx, by):
    dx, dy = bx - ax, by - ay
    length = np.hypot(dx, dy)
    if length == 0.0:
        return np.hypot(px - ax, py - ay)
    return abs(dx * (ay - py) - (ax - px) * dy) / length


@njit(cache=True, nogil=True)
def ramer_douglas_peucker(x, y, epsilon):
    """Returns bool [n]: the point stays. Distances are to the line through the end points."""
    n = len(x)
    keep = np.zeros(n, np.bool_)
    keep[0] = keep[n - 1] = True
    stack = np.empty((n + 1, 2), np.int64)
    stack[0, 0], stack[0, 1] = 0, n - 1
    depth = 1
    while depth:
        depth -= 1
        first, last = stack[depth, 0], stack[depth, 1]
        worst, at = 0.0, -1
        for i in range(first + 1, last):
            d = _distance(x[i], y[i], x[first], y[first], x[last], y[last])
            if d > worst:
                worst, at = d, i
        if worst > epsilon:
            keep[at] = True
            stack[depth, 0], stack[depth, 1] = first, at
            stack[depth + 1, 0], stack[depth + 1, 1] = at, last
            depth += 2
    return keep


@njit(cache=True, nogil=True)
def simplify_stroke(x, y, left, top, scale):
    """Simplifies a raw stroke to whole pixel coordinates in 0..255, uint8 [m] each.

    x, y: float64 [n], n >= 1; left, top: the drawing's minima; scale: 255 over its larger side.
    """
    even_x, even_y = resample((x - left) * scale, (y - top) * scale, SPACING)
    keep = ramer_douglas_peucker(even_x, even_y, EPSILON)
    few_x, few_y = even_x[keep], even_y[keep]
    out_x, out_y = np.empty(len(few_x), np.uint8), np.empty(len(few_y), np.uint8)
    for i in range(len(few_x)):
        # The farthest point may stand a rounding error beyond the side.
        out_x[i] = np.uint8(min(np.rint(few_x[i]), SIDE))
        out_y[i] = np.uint8(min(np.rint(few_y[i]), SIDE))
    return out_x, out_y
