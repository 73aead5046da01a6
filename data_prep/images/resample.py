"""Anti-aliased resampling of a crop, compiled: area averaging down, bilinear up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit


class Taps(NamedTuple):
    """The source pixels of each target pixel along one axis: first[i] and weights[i]."""

    first: np.ndarray  # int64 [out]
    weights: np.ndarray  # float32 [out, most taps], rows add up to 1


def make_taps(size: int, out: int) -> Taps:
    """Weights from `size` to `out` pixels.

    Down: target pixel i covers the interval [i, i + 1) * size / out, and a source pixel
    weighs as much as it lies in it. Up: bilinear, centres aligned, edges repeated.
    """
    scale = size / out
    if scale >= 1:
        low, high = np.arange(out) * scale, (np.arange(out) + 1) * scale
        first = np.floor(low + 1e-9).astype(np.int64)
        most = int(np.max(np.ceil(high - 1e-9) - first))
        pixel = first[:, None] + np.arange(most)
        inside = np.minimum(pixel + 1, high[:, None]) - np.maximum(pixel, low[:, None])
        weights = np.clip(inside, 0, 1)
    else:
        centre = np.clip((np.arange(out) + 0.5) * scale - 0.5, 0, size - 1)
        first = np.minimum(np.floor(centre).astype(np.int64), max(size - 2, 0))
        part = centre - first
        weights = np.stack([1 - part, part], axis=1)[:, : min(size, 2)]
    # No tap may reach over the edge: those that would weigh nothing.
    spare = np.maximum(first + weights.shape[1] - size, 0)
    for i in np.flatnonzero(spare):
        weights[i] = np.roll(weights[i], spare[i])
    weights /= weights.sum(axis=1, keepdims=True)
    return Taps(first - spare, weights.astype(np.float32))


def resample(
    image: np.ndarray, rows: Taps, columns: Taps, top: int, left: int, out: np.ndarray
) -> None:
    """Writes the crop whose taps are given, at (top, left), into `out`.

    Args:
      image: uint8 [height, width, channels].
      rows, columns: of the crop's sides and the target's.
      out: uint8 [side, side, channels].
    """
    span = int(columns.first[-1]) + columns.weights.shape[1]
    _resample(image, *rows, *columns, top, left, span, out)


@njit(cache=True, nogil=True, fastmath=True)
def _resample(image, row_first, row_weights, first, weights, top, left, span, out):
    channels = image.shape[2]
    strip = np.empty(span * channels, np.float32)
    for y in range(out.shape[0]):
        strip[:] = np.float32(0)
        # Rows first: long runs of pixels side by side, which vector units like.
        for k in range(row_weights.shape[1]):
            w = row_weights[y, k]
            if w == 0:
                continue
            line = image[top + row_first[y] + k, left : left + span].reshape(-1)
            for i in range(span * channels):
                strip[i] += w * np.float32(line[i])
        for x in range(out.shape[1]):
            at = first[x] * channels
            for c in range(channels):
                value = np.float32(0.5)
                for k in range(weights.shape[1]):
                    value += weights[x, k] * strip[at + k * channels + c]
                out[y, x, c] = np.uint8(value)
