"""Animations: a series of pictures as a GIF, by Pillow alone."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

LAST_FRAME_MS = 1500


def animate(pictures: Sequence[bytes], milliseconds: int) -> bytes:
    """Returns a GIF that repeats for ever and rests on its last frame.

    Args:
      pictures: PNG files of one size, at least one.
      milliseconds: of each frame but the last.
    """
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
