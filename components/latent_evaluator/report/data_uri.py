"""Images as data URIs, so that the page needs nothing beside it."""

from __future__ import annotations

import base64
import io
from typing import NamedTuple

import numpy as np
from PIL import Image

from trainer.figures.sheet import mosaic

CELL = 56  # pixels; smaller images are enlarged by a whole factor to at least that
SMALL = 40  # pixels; images up to here are drawings and icons, stored without loss
QUALITY = 86  # of WebP with loss


class Picture(NamedTuple):
    """An image for an <img>. Width and height in pixels."""

    uri: str
    alt: str
    width: int
    height: int


def tiles(images: np.ndarray, alt: str, columns: int = 0, gap: int = 1) -> Picture:
    """Lays images out side by side, with transparent gaps.

    Args:
      images: uint8 [n, height, width, channels].
      alt: the words for a reader who cannot see them.
      columns: images in a row; 0: all. The last row is filled up with transparent cells.
      gap: between images, in their pixels.
    """
    count, height, width, channels = images.shape
    columns = columns or count
    filled = -(-count // columns) * columns
    cells = np.zeros((filled, height + gap, width + gap, 4), np.uint8)
    cells[:count, :height, :width, :3] = images[..., [0] * 3 if channels == 1 else [0, 1, 2]]
    cells[:count, :height, :width, 3] = 255
    factor = max(1, -(-CELL // max(height, width)))
    picture = mosaic(cells, columns, factor * columns * (width + gap))
    size = (picture.width - gap * factor, picture.height - gap * factor)
    return embed(picture.crop((0, 0, *size)), alt, lossless=max(height, width) <= SMALL)


def sprite(images: np.ndarray, alt: str, columns: int) -> Picture:
    """Lays rows of images out edge to edge; a script shows one row at a time."""
    _, height, width, _ = images.shape
    factor = max(1, -(-CELL // max(height, width)))
    picture = mosaic(images, columns, factor * columns * width)
    return embed(picture, alt, lossless=max(height, width) <= SMALL)


def embed(picture: Image.Image, alt: str, *, lossless: bool) -> Picture:
    content = io.BytesIO()
    picture.save(content, "WEBP", lossless=lossless, quality=QUALITY, method=4)
    uri = "data:image/webp;base64," + base64.b64encode(content.getvalue()).decode("ascii")
    return Picture(uri, alt, picture.width, picture.height)
