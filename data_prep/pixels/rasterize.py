"""The rasterizers: from records of drawings (`formats.quickdraw_binary`) to images, in batches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.config_base import require
from data_prep.pixels import rasterize_official, rasterize_pillow
from data_prep.records.arrow import read_only

INK = {"book": "black", "official": "white"}


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
    images = np.empty((len(offsets) - 1, side, side), np.uint8)
    records = read_only(buffer), read_only(offsets)
    if rasterizer == "book":
        rasterize_pillow.draw(*records, images)
    else:
        rasterize_official.draw(*records, images, rasterize_official.BLOCK)
    return images
