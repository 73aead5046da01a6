"""The statistics of an image: mean, deviation and share of ink."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from data_prep.config_base import require
from data_prep.records.arrow import read_only

INKS = ("white", "black", "none")


Column = npt.NDArray[np.float32]


def image_stats(images: npt.NDArray[np.uint8], ink: str) -> tuple[Column, Column, Column]:
    """Returns mean and deviation of the pixel values and the share of drawn pixels, [n] each.

    images: uint8 [n, ...], at most 2**24 values an image.
    ink: "white" counts pixels above 127 as drawn, "black" those below 128; of photos, which
      have "none", the bright values are counted as with "white".
    """
    require(ink in INKS, "ink", ink, ", ".join(INKS))
    flat = read_only(images).reshape(len(images), math.prod(images.shape[1:]))
    sums = np.empty((3, len(flat)), np.int64)
    _sum(flat, sums)
    size, (total, squares, bright) = flat.shape[1], sums
    variance = (size * squares - total * total) / float(size) ** 2  # exact up to the division
    share = bright / size
    return (
        (total / size).astype(np.float32),
        np.sqrt(variance).astype(np.float32),
        (1 - share if ink == "black" else share).astype(np.float32),
    )


@njit(cache=True, nogil=True)
def _sum(images, sums):
    """Fills `sums` with each image's sum, sum of squares and number of values above 127."""
    for i in range(images.shape[0]):
        image = images[i]
        total, squares, bright = 0, 0, 0
        for k in range(image.shape[0]):
            value: Any = np.int32(image[k])  # narrow, so that many fit a vector register
            total += value
            squares += value * value
            bright += value >> 7
        sums[0, i], sums[1, i], sums[2, i] = total, squares, bright
