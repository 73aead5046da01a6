"""Anti-aliased resampling of a crop, compiled: area averaging down, bilinear up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

FEWEST = 4  # taps in the tables; those that are not needed weigh nothing


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
    idle = max(0, FEWEST - weights.shape[1])
    return Taps(first - spare, np.pad(weights, ((0, 0), (0, idle))).astype(np.float32))


def resample(
    image: np.ndarray, rows: Taps, columns: Taps, top: int, left: int, out: np.ndarray
) -> None:
    """Writes the crop whose taps are given, at (top, left), into `out`.

    Args:
      image: uint8 [height, width, channels], 1 or 3 channels.
      rows, columns: of the crop's sides and the target's.
      out: uint8 [side, side, channels].
    """
    span = min(int(columns.first[-1]) + columns.weights.shape[1], image.shape[1] - left)
    _resample(image, *rows, *columns, top, left, span, out)


@njit(cache=True, nogil=True)  # no fastmath: the same bytes on every processor
def _resample(image, row_first, row_weights, first, weights, top, left, span, out):
    channels = image.shape[2]
    width = span * channels
    strip = np.zeros(width + FEWEST * channels, np.float32)
    half = np.float32(0.5)
    for y in range(out.shape[0]):
        strip[:width] = half  # to round by cutting
        # Rows first: long runs of pixels side by side, which vector units like.
        for k in range(row_weights.shape[1]):
            w = row_weights[y, k]
            if w == 0:
                continue
            line = image[top + row_first[y] + k, left : left + span].reshape(-1)
            for i in range(width):
                strip[i] += w * np.float32(line[i])
        for x in range(out.shape[1]):
            at = first[x] * channels
            if channels == 3 and weights.shape[1] == FEWEST:
                # Spelled out, the usual case takes half the time of the loops below.
                w0, w1, w2, w3 = weights[x, 0], weights[x, 1], weights[x, 2], weights[x, 3]
                red = w0 * strip[at] + w1 * strip[at + 3]
                red += w2 * strip[at + 6] + w3 * strip[at + 9]
                green = w0 * strip[at + 1] + w1 * strip[at + 4]
                green += w2 * strip[at + 7] + w3 * strip[at + 10]
                blue = w0 * strip[at + 2] + w1 * strip[at + 5]
                blue += w2 * strip[at + 8] + w3 * strip[at + 11]
                out[y, x, 0] = np.uint8(np.int32(red))
                out[y, x, 1] = np.uint8(np.int32(green))
                out[y, x, 2] = np.uint8(np.int32(blue))
                continue
            for c in range(channels):
                value = np.float32(0)
                for k in range(weights.shape[1]):
                    value += weights[x, k] * strip[at + k * channels + c]
                out[y, x, c] = np.uint8(np.int32(value))
