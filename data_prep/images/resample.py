"""Anti-aliased resampling of a crop by the cubic kernel, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit


class Taps(NamedTuple):
    """The source pixels of each target pixel along one axis: first[i] and weights[i]."""

    first: np.ndarray  # int64 [out]
    weights: np.ndarray  # float32 [out, most taps], rows add up to 1


def make_taps(size: int, out: int, start: float = 0.0, length: float = 0.0) -> Taps:
    """Weights of `out` pixels over the interval [start, start + length) of `size` pixels.

    The kernel is Keys' cubic with a = -0.5 (1981, "Cubic convolution interpolation for digital
    image processing", eq. 4), stretched by the scale where that reduces, so that nothing
    aliases; it looks past the interval where the picture goes on, and is cut off at its edge.
    That is what Pillow calls BICUBIC, with a box.

    Args:
      size: pixels of the picture along the axis, at least 1.
      out: pixels wanted, at least 1.
      start, length: in pixels, may be fractions; length 0 means all from `start` on.
    """
    scale = (length or size - start) / out
    stretch = max(scale, 1.0)
    centre = start + (np.arange(out) + 0.5) * scale
    first = np.clip(np.floor(centre - 2 * stretch + 0.5), 0, size - 1).astype(np.int64)
    stop = np.clip(np.floor(centre + 2 * stretch + 0.5), 1, size).astype(np.int64)
    most = int((stop - first).max())
    first = np.minimum(first, size - most)  # no tap may reach over the edge
    pixel = first[:, None] + np.arange(most)
    weights = _cubic((pixel + 0.5 - centre[:, None]) / stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    return Taps(first, weights.astype(np.float32))


def _cubic(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def resample(image: np.ndarray, rows: Taps, columns: Taps, out: np.ndarray) -> None:
    """Writes what the taps take from `image`, uint8 [height, width, channels], into `out`,
    uint8 [rows, columns, channels]."""
    left = int(columns.first.min())
    right = int(columns.first.max()) + columns.weights.shape[1]
    _resample(image, *rows, *columns, left, right - left, out)


@njit(cache=True, nogil=True)  # no fastmath: the same bytes on every processor
def _resample(image, row_first, row_weights, first, weights, left, span, out):
    height, width, channels = out.shape
    strip = np.empty(span * channels, np.float32)
    # Both passes add long runs of pixels side by side, which vector units like; so what the
    # first makes of a row is laid down as a column.
    turned = np.empty((span, height * channels), np.float32)
    for y in range(height):
        strip[:] = 0
        for k in range(row_weights.shape[1]):
            weight = row_weights[y, k]
            line = image[row_first[y] + k, left : left + span].reshape(-1)
            for i in range(span * channels):
                strip[i] += weight * np.float32(line[i])
        for i in range(span):
            for c in range(channels):
                turned[i, y * channels + c] = strip[i * channels + c]
    column = np.empty(height * channels, np.float32)
    for x in range(width):
        column[:] = np.float32(0.5)  # to round by cutting
        for k in range(weights.shape[1]):
            weight = weights[x, k]
            source = turned[first[x] - left + k]
            for i in range(height * channels):
                column[i] += weight * source[i]
        for i in range(height * channels):
            column[i] = min(max(column[i], np.float32(0)), np.float32(255))
        for y in range(height):
            for c in range(channels):
                out[y, x, c] = np.uint8(np.int32(column[y * channels + c]))
