"""Drawing records -> images: one compiled loop over a whole batch.

A record is a drawing in Google's binary layout: key_id u64, countrycode 2 bytes, recognized
u8, timestamp u32, n_strokes u16, then for each stroke n_points u16, x u8[n], y u8[n], all
little endian.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from data_prep import raster_book, raster_official
from data_prep.settings import require

INK = {"book": "black", "official": "white"}


def rasterize(
    buffer: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], side: int, rasterizer: str
) -> npt.NDArray[np.uint8]:
    """Draws a batch of records.

    Args:
      buffer: uint8 [total], complete records; nothing is checked here.
      offsets: int64 [n + 1]; record i is buffer[offsets[i]:offsets[i + 1]].
      side: pixels, 8 to 1024; 32 with "book".
      rasterizer: "book" (black on white, no anti-aliasing) or "official" (anti-aliased,
        white on black); see `raster_book` and `raster_official`.

    Returns:
      uint8 [n, side, side].

    Raises:
      InputError: for another rasterizer or side.
    """
    require(rasterizer in INK, "rasterizer", rasterizer, ", ".join(INK))
    if rasterizer == "book":
        require(side == raster_book.SIDE, "image_size", side, "32 with the book rasterizer")
    require(8 <= side <= 1024, "image_size", side, "a side of 8 to 1024 pixels")
    images = np.empty((len(offsets) - 1, side, side), np.uint8)
    records = _read_only(buffer), _read_only(offsets)
    if rasterizer == "book":
        raster_book.draw(*records, images)
    else:
        raster_official.draw(*records, images, raster_official.BLOCK)
    return images


def image_stats(
    images: npt.NDArray[np.uint8], ink: str
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Mean and standard deviation of the pixel values, and the share of drawn pixels.

    Args:
      images: uint8 [n, ...], at most 2**24 values an image.
      ink: "white" counts pixels above 127 as drawn, "black" those below 128.

    Returns:
      float32 [n] each: mean in [0, 255], standard deviation, share in [0, 1].
    """
    require(ink in INK.values(), "ink", ink, ", ".join(INK.values()))
    flat = _read_only(images).reshape(len(images), -1)
    sums = np.empty((3, len(flat)), np.int64)
    _sum(flat, sums)
    size = flat.shape[1]
    total, squares, bright = sums
    mean = total / size
    variance = (size * squares - total * total) / float(size) ** 2  # exact up to the division
    share = bright / size
    return (
        mean.astype(np.float32),
        np.sqrt(variance).astype(np.float32),
        (share if ink == "white" else 1 - share).astype(np.float32),
    )


@njit(cache=True, nogil=True)
def _sum(images, sums):
    """For each image the sum, the sum of squares and the number of values above 127."""
    for i in range(images.shape[0]):
        image = images[i]
        total, squares, bright = 0, 0, 0
        for k in range(image.shape[0]):
            value: Any = np.int32(image[k])  # narrow, so that many fit a vector register
            total += value
            squares += value * value
            bright += value >> 7
        sums[0, i], sums[1, i], sums[2, i] = total, squares, bright


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A contiguous view without the right to write: one type, so one compilation."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
