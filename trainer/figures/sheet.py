"""Sheets: figures laid out as one picture, in rows, grids and panels; animations of them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from trainer.figures.compose import Figure, Row

PAPER, TEXT, FAINT, LINE, ACCENT = "#f7f7f4", "#1d1d1b", "#8a8a85", "#d9d9d3", "#b4552d"
MARGIN, GAP = 24, 4
_WIDE_MARGIN, _GUTTER, _MIN_COLUMNS = 28, 128, 6  # of contact sheets
_ROOM = _GUTTER - 6  # for a name
_BAND = 14  # pixels between one group of rows and the next
_MIN_CELL = 56  # pixels; small images are enlarged by a whole factor to at least that
_LONGEST_NAME = 24
_MIN_MOSAIC = 420  # pixels of a single grid
PANEL, _MOST_PANELS = 320, 5  # pixels of a panel at most; panels in a row
LAST_FRAME_MS = 1500


def to_png(picture: Image.Image) -> bytes:
    """Returns the picture as a PNG file."""
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=3)
    return content.getvalue()


def animate(pictures: Sequence[bytes], milliseconds: int) -> bytes:
    """Returns a GIF of PNG files of one size that repeats for ever and rests on its last frame;
    each other frame stays for some milliseconds."""
    frames = [_paletted(picture) for picture in pictures]
    durations = [milliseconds] * (len(frames) - 1) + [LAST_FRAME_MS]
    content = io.BytesIO()
    frames[0].save(
        content, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0
    )
    return content.getvalue()


def _paletted(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    return picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def mosaic(images: np.ndarray, columns: int, min_width: int = 0) -> Image.Image:
    """Draws images edge to edge, enlarged together by a whole factor to `min_width` pixels.

    images: uint8 [n, height, width, channels], filled in row by row; n is a multiple of `columns`.
    """
    count, height, width, channels = images.shape
    rows = count // columns
    grid = images.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    grid = grid.reshape(rows * height, columns * width, channels)
    return _enlarged(grid, max(1, -(-min_width // (columns * width))))


def sheet(figure: Figure) -> Image.Image:
    """Draws a figure: rows of images of one size under each other, their names to the left."""
    rows, title, caption, columns = _lines(figure), figure.title, figure.caption, figure.columns
    _, step_x, step_y = _cells(rows)
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
    for row, middle in _pasted(picture, rows, left, top):
        name_at, note_at = middle - 8 if row.note else middle, middle + 10 if row.name else middle
        draw.text((MARGIN, name_at), _short(row.name), TEXT, font(15), anchor="lm")
        draw.text((MARGIN, note_at), row.note, FAINT, font(12), anchor="lm")
    return picture


def contact_sheet(figure: Figure) -> Image.Image:
    """Draws many groups of rows under a heading, their names in a column of one width."""
    rows = _lines(figure)
    _, step_x, step_y = _cells(rows)
    columns = max([len(row.images) for row in rows] + [_MIN_COLUMNS])
    groups = sum(bool(row.name) for row in rows)
    left, top = _WIDE_MARGIN + _GUTTER, _WIDE_MARGIN + 68
    size = (
        left + columns * step_x - GAP + _WIDE_MARGIN,
        top + 6 + len(rows) * step_y + groups * _BAND + _WIDE_MARGIN,
    )
    picture = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((_WIDE_MARGIN, _WIDE_MARGIN - 6), figure.title, TEXT, font(22))
    draw.text((_WIDE_MARGIN, _WIDE_MARGIN + 26), figure.caption, FAINT, font(13))
    rule = _WIDE_MARGIN + 54
    draw.line((_WIDE_MARGIN, rule, size[0] - _WIDE_MARGIN, rule), LINE, 1)
    for row, middle in _pasted(picture, rows, left, top):
        if row.name:
            fonts = (font(size) for size in range(16, 10, -1))
            fitting = next((f for f in fonts if f.getlength(row.name) < _ROOM), font(11))
            name = row.name
            while fitting.getlength(name) >= _ROOM:
                name = name[:-2] + "…"
            color = ACCENT if row.accent else TEXT
            draw.text((_WIDE_MARGIN, middle - 9), name, color, fitting, anchor="lm")
        place = (_WIDE_MARGIN, middle + 10 if row.name else middle)
        draw.text(place, row.note, FAINT, font(11), anchor="lm")
    return picture


def mosaics(figure: Figure) -> Image.Image:
    """Draws each row of a figure as a grid edge to edge, `figure.width` images wide: a single
    one in its own pixels, several with their names as panels."""
    if len(figure.rows) == 1:
        return titled(mosaic(figure.rows[0].images, figure.width, _MIN_MOSAIC), figure.title)
    pictures = []
    for row in figure.rows:
        panel = mosaic(row.images, figure.width)
        panel.thumbnail((PANEL, PANEL), Image.Resampling.BOX)
        pictures.append((row.name, panel))
    return titled(panels(pictures), figure.title)


def titled(picture: Image.Image, title: str) -> Image.Image:
    """Returns the picture on paper, with a title above."""
    framed = Image.new("RGB", (picture.width + 2 * MARGIN, picture.height + 2 * MARGIN + 16), PAPER)
    ImageDraw.Draw(framed).text((MARGIN, MARGIN // 2), title, TEXT, font(15))
    framed.paste(picture.convert("RGB"), (MARGIN, MARGIN + 16))
    return framed


def panels(pictures: Sequence[tuple[str, Image.Image]]) -> Image.Image:
    """Draws named pictures of one size in few rows, as equally long as they can be."""
    rows = -(-len(pictures) // _MOST_PANELS)
    columns = -(-len(pictures) // rows)
    width, height = pictures[0][1].width + 2 * GAP, pictures[0][1].height + 24
    picture = Image.new("RGB", (width * columns, height * rows), PAPER)
    draw = ImageDraw.Draw(picture)
    for index, (name, panel) in enumerate(pictures):
        x, y = width * (index % columns) + GAP, height * (index // columns)
        draw.text((x, y + 15), _fitting(name, width, 13), TEXT, font(13), anchor="ls")
        picture.paste(panel.convert("RGB"), (x, y + 20))
    return picture


def font(size: int) -> ImageFont.FreeTypeFont:
    """Returns Pillow's own font in a size in pixels."""
    loaded = ImageFont.load_default(size)
    assert isinstance(loaded, ImageFont.FreeTypeFont), "Pillow comes with FreeType"
    return loaded


def _enlarged(image: np.ndarray, factor: int) -> Image.Image:
    """Draws uint8 [height, width, channels], every pixel as a square of `factor` pixels."""
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    size = (picture.width * factor, picture.height * factor)
    return picture.resize(size, Image.Resampling.NEAREST)


def _lines(figure: Figure) -> list[Row]:
    """Returns the rows, those longer than the figure in lines of its width."""
    lines = []
    for row in figure.rows:
        for start in range(0, len(row.images), figure.cells):
            part = row.images[start : start + figure.cells]
            lines.append(Row(part) if start else row._replace(images=part))
    return lines


def _cells(rows: Sequence[Row]) -> tuple[int, int, int]:
    """Returns the factor that images are enlarged by, and the pixels from one to the next."""
    height, width = rows[0].images.shape[1:3] if rows else (_MIN_CELL, _MIN_CELL)
    factor = max(1, -(-_MIN_CELL // max(height, width)))
    return factor, width * factor + GAP, height * factor + GAP


def _pasted(
    picture: Image.Image, rows: Sequence[Row], left: int, top: int
) -> Iterator[tuple[Row, int]]:
    """Pastes the images of rows, the first one's top left at (left, top); yields each row with the
    middle of its line, to write beside it."""
    factor, step_x, step_y = _cells(rows)
    for index, row in enumerate(rows):
        top += _BAND if row.name and index else 0
        yield row, top + (step_y - GAP) // 2
        for column, image in enumerate(row.images):
            enlarged = _enlarged(image, factor).convert("RGB")
            picture.paste(enlarged, (left + column * step_x, top))
        top += step_y


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _fitting(name: str, width: int, size: int) -> str:
    """Returns the name, or as much of it as fits into `width` pixels, and an ellipsis."""
    short = name
    while short and font(size).getlength(short) > width:
        short = short[:-1] if short == name else short[:-2]
        short += "…"
    return short
