"""The resampling of a crop by the cubic kernel, without aliasing, compiled."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numba import njit


class Taps(NamedTuple):
    """The source pixels of each target pixel along one axis: first[i] and weights[i]."""

    first: np.ndarray  # int64 [out]
    weights: np.ndarray  # float32 [out, most taps], rows add up to 1


def make_taps(size: int, out: int, start: float = 0.0, length: float = 0.0) -> Taps:
    """Returns the taps of `out` pixels over [start, start + length) of `size` pixels.

    The kernel is Keys' cubic with a = -0.5 (1981, "Cubic convolution interpolation for digital
    image processing", eq. 4), stretched by the scale where that reduces, so that nothing
    aliases; it looks past the interval where the picture goes on, and is cut off at its edge.
    That is what Pillow calls BICUBIC, with a box.

    `start` and `length` may be fractions; length 0 means all from `start` on.
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
    """Returns Keys' kernel with a = -0.5 at the distances x, in pixels."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def resample(image: np.ndarray, rows: Taps, columns: Taps, out: np.ndarray) -> None:
    """Resamples `image` into `out` by the taps of both axes.

    image: uint8 [height, width, channels]; out: uint8 [rows, columns, channels].

    Both passes add up whole lines of the image, which vector units like; so between them, and
    after the second, the image is laid on its side.
    """
    height, width, channels = out.shape
    left = int(columns.first[0])
    right = int(columns.first[-1]) + columns.weights.shape[1]
    strips = np.empty((height, right - left, channels), np.float32)
    lines = image.reshape(len(image), -1)[:, left * channels : right * channels]
    _weigh(lines, *rows, strips.reshape(height, -1))
    turned = cv2.transpose(strips).reshape(right - left, -1)
    pixels = np.empty((width, height, channels), np.uint8)
    _weigh_to_bytes(turned, columns.first - left, columns.weights, pixels.reshape(width, -1))
    out[...] = cv2.transpose(pixels).reshape(out.shape)


# No fastmath in either: the same bytes on every processor.
@njit(cache=True, nogil=True)
def _weigh(lines, first, weights, out):
    """Computes out[i] = weights[i] @ lines[first[i] : first[i] + taps] of uint8 lines."""
    for i in range(len(out)):
        to = out[i]
        to[:] = np.float32(0)
        for k in range(weights.shape[1]):
            weight, line = weights[i, k], lines[first[i] + k]
            for j in range(len(to)):
                to[j] += weight * np.float32(line[j])


@njit(cache=True, nogil=True)
def _weigh_to_bytes(lines, first, weights, out):
    """Computes the rows of `_weigh` from float32 lines, rounded to bytes."""
    to = np.empty(out.shape[1], np.float32)
    for i in range(len(out)):
        to[:] = np.float32(0.5)  # to round by cutting
        for k in range(weights.shape[1]):
            weight, line = weights[i, k], lines[first[i] + k]
            for j in range(len(to)):
                to[j] += weight * line[j]
        row = out[i]
        for j in range(len(to)):
            row[j] = min(max(np.int32(to[j]), np.int32(0)), np.int32(255))
