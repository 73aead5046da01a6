"""The `official` rasterizer: anti-aliased strokes, white on black, at any side.

Geometry: `vector_to_raster` as the authors of the data gave it (quickdraw-dataset, issue
19): original_side 256, line_diameter 16, padding 16, the drawing centred by its bounding
box, round caps and joins, a single point drawn as a dot. In pixels that is

    scale  = side / (original_side + 2 * padding + line_diameter)
    pixel  = (x - (min + max) / 2) * scale + side / 2
    radius = line_diameter / 2 * scale

Coverage of a pixel is clamp(radius + 1/2 - d, 0, 1) for the distance d from its centre to
the nearest segment: exact for a level or upright line at least a pixel wide. As it falls
with d, one canvas of smallest squared distances serves a whole drawing, and the root is
taken once for each pixel, not once for each segment that comes near it.

Only operations that IEEE 754 rounds exactly are used, and none is contracted ("fastmath"
stays off), so the bytes are the same on every processor. Loops that must become vector
instructions count in unsigned numbers: for signed ones Numba asks each time whether the
index is to be counted from the end.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from data_prep.formats.quickdraw_binary import HEADER, u16

ORIGINAL_SIDE = 256
LINE_DIAMETER = 16
PADDING = 16
BLOCK = 8  # columns evaluated at once; no image is narrower

_FAR = np.float32(1e9)  # squared pixels
_ZERO = np.float32(0)
_HALF = np.float32(0.5)
_ONE = np.float32(1)
_WHITE = np.float32(255)


@njit(cache=True, nogil=True)
def draw(buffer, offsets, images, block):
    """Draws record i of the batch into images[i], uint8 [side, side], white on black.

    `block` is BLOCK, but not known when this is compiled: a loop of known length would be
    unrolled to scalar instructions, one of unknown length becomes vector instructions.
    """
    side = images.shape[1]
    scale = np.float32(side / (ORIGINAL_SIDE + 2 * PADDING + LINE_DIAMETER))
    reach = np.float32(LINE_DIAMETER / 2) * scale + _HALF
    canvas = np.empty(side * side, np.float32)
    for i in range(len(images)):
        canvas[:] = _FAR
        shift_x, shift_y = _shift(buffer, offsets[i], scale, side)
        at = offsets[i] + HEADER
        for _ in range(u16(buffer, at - 2)):
            points = u16(buffer, at)
            xs = buffer[at + 2 : at + 2 + points]
            ys = buffer[at + 2 + points : at + 2 + 2 * points]
            at += 2 + 2 * points
            x0 = np.float32(xs[0]) * scale + shift_x
            y0 = np.float32(ys[0]) * scale + shift_y
            if points == 1:
                _approach(canvas, side, x0, y0, x0, y0, reach, block)
            for p in range(1, points):
                x1 = np.float32(xs[p]) * scale + shift_x
                y1 = np.float32(ys[p]) * scale + shift_y
                _approach(canvas, side, x0, y0, x1, y1, reach, block)
                x0, y0 = x1, y1
        _shade(canvas, reach, images[i].reshape(side * side))


@njit(cache=True, nogil=True)
def _shift(buffer, start, scale, side):
    """Returns the shift that centres the drawing's scaled coordinates; pixel centres are whole."""
    left, top, right, bottom = np.uint8(255), np.uint8(255), np.uint8(0), np.uint8(0)
    at = start + HEADER
    for _ in range(u16(buffer, at - 2)):
        points = u16(buffer, at)
        for x in buffer[at + 2 : at + 2 + points]:
            left, right = min(left, x), max(right, x)
        for y in buffer[at + 2 + points : at + 2 + 2 * points]:
            top, bottom = min(top, y), max(bottom, y)
        at += 2 + 2 * points
    middle = np.float32(side) * _HALF - _HALF
    return (
        middle - np.float32(np.int64(left) + np.int64(right)) * _HALF * scale,
        middle - np.float32(np.int64(top) + np.int64(bottom)) * _HALF * scale,
    )


@njit(cache=True, nogil=True)
def _approach(canvas, side, x0, y0, x1, y1, reach, block):
    """Lowers the canvas to the squared distance from a segment, as far as the line reaches."""
    dx, dy = x1 - x0, y1 - y0
    square = dx * dx + dy * dy
    inverse = _ONE / square if square > _ZERO else _ZERO
    ux, uy = dx * inverse, dy * inverse
    last = np.float32(side - 1)
    left = np.int64(max(min(x0, x1) - reach + _ONE, _ZERO))  # truncates: at or inside reach
    right = np.int64(min(max(x0, x1) + reach, last))
    top = np.int64(max(min(y0, y1) - reach + _ONE, _ZERO))
    bottom = np.int64(min(max(y0, y1) + reach, last))
    for column in range(left, right + 1, BLOCK):
        c = min(column, side - BLOCK)
        first = np.float32(c) - x0
        for r in range(top, bottom + 1):
            py = np.float32(r) - y0
            along_y = py * uy
            at = np.uint64(r * side + c)
            for k in range(np.uint64(block)):
                px = first + np.float32(np.int32(k))
                along = min(max(px * ux + along_y, _ZERO), _ONE)
                ex, ey = px - along * dx, py - along * dy
                canvas[at + k] = min(canvas[at + k], ex * ex + ey * ey)


@njit(cache=True, nogil=True)
def _shade(canvas, reach, image):
    """Writes the coverage of each pixel, 0 to 255, from its squared distance."""
    for k in range(len(image)):
        coverage = min(max(reach - np.sqrt(canvas[k]), _ZERO), _ONE)
        image[k] = np.uint8(np.int32(coverage * _WHITE + _HALF))
