"""Images in rows and grids, as one picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

PAPER, TEXT, FAINT, LINE = "#f7f7f4", "#1d1d1b", "#8a8a85", "#d9d9d3"
MARGIN, GAP = 24, 4
_BAND = 14  # pixels between one group of rows and the next
_MIN_CELL = 56  # pixels; small images are enlarged by a whole factor to at least that
_LONGEST_NAME = 24


class Row(NamedTuple):
    """Images side by side. A row with a name begins a group; the note stands under the name."""

    images: np.ndarray  # uint8 [n, height, width, channels]
    name: str = ""
    note: str = ""


def to_png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=3)
    return content.getvalue()


def mosaic(images: np.ndarray, columns: int, min_width: int = 0) -> Image.Image:
    """Images edge to edge, enlarged together by a whole factor to `min_width` pixels.

    Args:
      images: uint8 [n, height, width, channels], filled in row by row; n is a multiple of
        `columns`.
    """
    count, height, width, channels = images.shape
    rows = count // columns
    grid = images.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    grid = grid.reshape(rows * height, columns * width, channels)
    return _enlarged(grid, max(1, -(-min_width // (columns * width))))


def sheet(
    rows: Sequence[Row], *, title: str = "", caption: str = "", columns: Sequence[str] = ()
) -> Image.Image:
    """Rows of images under each other, with their names to the left.

    Args:
      rows: of images of one size; they may differ in number.
      title, caption: the lines above.
      columns: a name above each column.
    """
    height, width = rows[0].images.shape[1:3]
    factor = max(1, -(-_MIN_CELL // max(height, width)))
    step_x, step_y = width * factor + GAP, height * factor + GAP
    names = [text for row in rows for text in (_short(row.name), row.note)]
    gutter = max((int(font(15).getlength(text)) for text in names), default=0)
    gutter += 16 if gutter else 0
    left = MARGIN + gutter
    groups = sum(bool(row.name) for row in rows[1:])
    top = MARGIN + (30 if title else 0) + (26 if caption else 0) + (20 if any(columns) else 0)
    content = left + max(len(row.images) for row in rows) * step_x - GAP
    heading = max(font(20).getlength(title), font(13).getlength(caption))
    size = (
        max(content, MARGIN + int(heading)) + MARGIN,
        top + len(rows) * step_y + groups * _BAND - GAP + MARGIN,
    )
    picture = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((MARGIN, MARGIN - 6), title, TEXT, font(20))
    draw.text((MARGIN, MARGIN - 6 + (30 if title else 0)), caption, FAINT, font(13))
    for index, name in enumerate(columns):
        middle = left + index * step_x + (step_x - GAP) // 2
        draw.text((middle, top - 6), _fitting(name, step_x, 12), FAINT, font(12), anchor="ms")
    for index, row in enumerate(rows):
        top += _BAND if row.name and index else 0
        _write_name(draw, row, top + (step_y - GAP) // 2)
        for column, image in enumerate(row.images):
            picture.paste(_enlarged(image, factor).convert("RGB"), (left + column * step_x, top))
        top += step_y
    return picture


def titled(picture: Image.Image, title: str) -> Image.Image:
    """The picture on paper, with a line above."""
    framed = Image.new("RGB", (picture.width + 2 * MARGIN, picture.height + 2 * MARGIN + 16), PAPER)
    ImageDraw.Draw(framed).text((MARGIN, MARGIN // 2), title, TEXT, font(15))
    framed.paste(picture.convert("RGB"), (MARGIN, MARGIN + 16))
    return framed


def panels(pictures: Sequence[tuple[str, Image.Image]], columns: int) -> Image.Image:
    """Named pictures of one size in rows of up to `columns`."""
    width, height = pictures[0][1].width + 2 * GAP, pictures[0][1].height + 24
    rows = -(-len(pictures) // columns)
    picture = Image.new("RGB", (width * min(columns, len(pictures)), height * rows), PAPER)
    draw = ImageDraw.Draw(picture)
    for index, (name, panel) in enumerate(pictures):
        x, y = width * (index % columns) + GAP, height * (index // columns)
        draw.text((x, y + 15), _fitting(name, width, 13), TEXT, font(13), anchor="ls")
        picture.paste(panel.convert("RGB"), (x, y + 20))
    return picture


def font(size: int) -> ImageFont.FreeTypeFont:
    loaded = ImageFont.load_default(size)
    assert isinstance(loaded, ImageFont.FreeTypeFont), "Pillow comes with FreeType"
    return loaded


def _enlarged(image: np.ndarray, factor: int) -> Image.Image:
    """uint8 [height, width, channels] with every pixel as a square of that side."""
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    if factor == 1:
        return picture
    size = (picture.width * factor, picture.height * factor)
    return picture.resize(size, Image.Resampling.NEAREST)


def _write_name(draw: ImageDraw.ImageDraw, row: Row, middle: int) -> None:
    if row.name and row.note:
        draw.text((MARGIN, middle - 8), _short(row.name), TEXT, font(15), anchor="lm")
        draw.text((MARGIN, middle + 10), row.note, FAINT, font(12), anchor="lm")
    elif row.name:
        draw.text((MARGIN, middle), _short(row.name), TEXT, font(15), anchor="lm")
    else:
        draw.text((MARGIN, middle), row.note, FAINT, font(12), anchor="lm")


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _fitting(name: str, width: int, size: int) -> str:
    """The name, or as much of it as fits into `width` pixels, and an ellipsis."""
    short = name
    while short and font(size).getlength(short) > width:
        short = short[:-1] if short == name else short[:-2]
        short += "…"
    return short
