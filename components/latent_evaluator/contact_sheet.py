"""One picture of what a model does: real images, reconstructions, samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

MAX_LABELS = 10
_MIN_CELL = 56  # pixels; images are enlarged by whole factors to at least that
_GAP, _MARGIN, _GUTTER, _BAND = 4, 28, 128, 14
_PAPER, _TEXT, _FAINT, _ACCENT = "#f7f7f4", "#1d1d1b", "#8a8a85", "#b4552d"


def contact_sheet(
    rows: Sequence[tuple[str, np.ndarray, np.ndarray]],
    samples: np.ndarray,
    title: str,
    caption: str,
) -> Image.Image:
    """Real images over their reconstructions, a band for each label, then prior samples.

    Args:
      rows: (label, real uint8 [n, h, w, c], reconstructed uint8 [n, h, w, c]), n >= 1.
      samples: uint8 [m, h, w, c], decoded from the prior.
      title, caption: the first two lines.

    Returns:
      An RGB image.
    """
    rows = rows[:MAX_LABELS]
    height, width = samples.shape[1:3]
    factor = max(1, -(-_MIN_CELL // max(height, width)))
    step_x, step_y = width * factor + _GAP, height * factor + _GAP
    columns = max(len(real) for _, real, _ in rows)
    sample_rows = [samples[i : i + columns] for i in range(0, len(samples), columns)]
    size = (
        2 * _MARGIN + _GUTTER + columns * step_x - _GAP,
        _MARGIN + 74 + len(rows) * (2 * step_y + _BAND) + len(sample_rows) * step_y + _MARGIN,
    )
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN, _MARGIN - 6), title, _TEXT, _font(22))
    draw.text((_MARGIN, _MARGIN + 26), caption, _FAINT, _font(13))
    draw.line((_MARGIN, _MARGIN + 54, size[0] - _MARGIN, _MARGIN + 54), "#d9d9d3", 1)

    top = _MARGIN + 68
    for label, real, reconstructed in rows:
        _row_name(draw, top, step_y, label or "images", "real")
        _row_name(draw, top + step_y, step_y, "", "reconstructed")
        _paste(sheet, real, factor, top)
        _paste(sheet, reconstructed, factor, top + step_y)
        top += 2 * step_y + _BAND
    for index, images in enumerate(sample_rows):
        if index == 0:
            _row_name(draw, top, step_y, "new", "sampled from the prior", _ACCENT)
        _paste(sheet, images, factor, top)
        top += step_y
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
    draw: ImageDraw.ImageDraw, top: int, height: int, name: str, kind: str, color: str = _TEXT
) -> None:
    middle = top + (height - _GAP) // 2
    if name:
        draw.text((_MARGIN, middle - 9), _short(name), color, _font(16), anchor="lm")
        draw.text((_MARGIN, middle + 10), kind, _FAINT, _font(11), anchor="lm")
    else:
        draw.text((_MARGIN, middle), kind, _FAINT, _font(11), anchor="lm")


def _short(name: str, limit: int = 14) -> str:
    return name if len(name) <= limit else name[: limit - 1] + "…"


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
