"""One picture of many: titled bands of rows of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_MIN_CELL = 56  # pixels; images are enlarged by whole factors to at least that
_GAP, _MARGIN, _GUTTER, _BAND = 4, 28, 128, 14
_ROOM = _GUTTER - 6  # for a name
_PAPER, _TEXT, _FAINT, _ACCENT = "#f7f7f4", "#1d1d1b", "#8a8a85", "#b4552d"


class Band(NamedTuple):
    """Rows of images that belong together.

    name: stands at the first row; kinds: a smaller word for each row.
    rows: uint8 [n, h, w, c] each, n >= 0.
    """

    name: str
    kinds: Sequence[str]
    rows: Sequence[np.ndarray]
    accent: bool = False


def contact_sheet(bands: Sequence[Band], title: str, caption: str) -> Image.Image:
    """Draws the bands below each other; all images must be of one size. Returns RGB."""
    sizes = {row.shape[1:3] for band in bands for row in band.rows}
    (height, width) = sizes.pop() if sizes else (_MIN_CELL, _MIN_CELL)
    factor = max(1, -(-_MIN_CELL // max(height, width)))
    step_x, step_y = width * factor + _GAP, height * factor + _GAP
    columns = max([len(row) for band in bands for row in band.rows] + [6])
    tall = sum(len(band.rows) * step_y + _BAND for band in bands)
    size = (2 * _MARGIN + _GUTTER + columns * step_x - _GAP, _MARGIN + 74 + tall + _MARGIN)
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN, _MARGIN - 6), title, _TEXT, _font(22))
    draw.text((_MARGIN, _MARGIN + 26), caption, _FAINT, _font(13))
    draw.line((_MARGIN, _MARGIN + 54, size[0] - _MARGIN, _MARGIN + 54), "#d9d9d3", 1)
    top = _MARGIN + 68
    for band in bands:
        name = band.name
        for kind, images in zip(band.kinds, band.rows, strict=True):
            _row_name(draw, top, step_y, name, kind, _ACCENT if band.accent else _TEXT)
            _paste(sheet, images, factor, top)
            name, top = "", top + step_y
        top += _BAND
    return sheet


def _paste(sheet: Image.Image, images: np.ndarray, factor: int, top: int) -> None:
    left = _MARGIN + _GUTTER
    for image in images:
        picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        picture = picture.resize(
            (image.shape[1] * factor, image.shape[0] * factor), Image.Resampling.NEAREST
        )
        sheet.paste(picture.convert("RGB"), (left, top))
        left += picture.width + _GAP


def _row_name(
    draw: ImageDraw.ImageDraw, top: int, height: int, name: str, kind: str, color: str
) -> None:
    middle = top + (height - _GAP) // 2
    if name:
        font = next(
            (f for f in map(_font, range(16, 10, -1)) if f.getlength(name) < _ROOM), _font(11)
        )
        while font.getlength(name) >= _ROOM:
            name = name[:-2] + "…"
        draw.text((_MARGIN, middle - 9), name, color, font, anchor="lm")
        draw.text((_MARGIN, middle + 10), kind, _FAINT, _font(11), anchor="lm")
    else:
        draw.text((_MARGIN, middle), kind, _FAINT, _font(11), anchor="lm")


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
