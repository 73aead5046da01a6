"""The rasterizers: from records of drawings (`formats.quickdraw_binary`) to images, in batches."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from data_prep.config_base import require
from data_prep.pixels import rasterize_official, rasterize_pillow
from data_prep.records.arrow import read_only

INK = {"book": "black", "official": "white"}
VERSION = {"book": 1, "official": rasterize_official.VERSION}
THINNEST = 0.5  # pixels


def rasterize(
    buffer: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], side: int, rasterizer: str
) -> npt.NDArray[np.uint8]:
    """Draws a batch of records: uint8 [n, side, side].

    Args:
      buffer: uint8 [total], complete records; nothing is checked here.
      offsets: int64 [n + 1]; record i is buffer[offsets[i]:offsets[i + 1]].
      side: pixels, 8 to 1024; 32 with "book".
      rasterizer: "book" (`rasterize_pillow`) or "official" (`rasterize_official`).

    Raises:
      InputError: for another rasterizer or side.
    """
    require(rasterizer in INK, "rasterizer", rasterizer, ", ".join(INK))
    if rasterizer == "book":
        require(side == rasterize_pillow.SIDE, "image_size", side, "32 with the book rasterizer")
    require(8 <= side <= 1024, "image_size", side, "a side of 8 to 1024 pixels")
    shape = len(offsets) - 1, side, side
    pixels = np.empty(math.prod(shape) + rasterize_official.SPARE, np.uint8)
    images = pixels[: math.prod(shape)].reshape(shape)
    records = read_only(buffer), read_only(offsets)
    if rasterizer == "book":
        rasterize_pillow.draw(*records, images)
    else:
        rasterize_official.draw(*records, pixels, side)
    return images


def warnings_about(side: int, rasterizer: str) -> tuple[str, ...]:
    """Returns sentences about images of that side: of the width of their lines, where too thin."""
    width = rasterize_official.line_width(side)
    if rasterizer != "official" or width >= THINNEST:
        return ()
    enough = math.ceil(THINNEST / rasterize_official.line_width(1))
    return (
        f"at image_size {side} a line is {width:.2f} pixels wide, less than half a pixel: strokes "
        f"are pale and those close together run into one; take image_size {enough} or more (at 28 "
        f"a line is {rasterize_official.line_width(28):.1f} pixels wide)",
    )
