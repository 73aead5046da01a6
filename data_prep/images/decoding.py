"""Encoded pictures -> square uint8 RGB images: checked, decoded, cropped, resized."""

from __future__ import annotations

import io
import struct
import warnings

import cv2
import numpy as np
from PIL import Image

from data_prep.images.resample import Taps, make_taps, resample

MAX_PIXELS = 50_000_000  # a larger picture is refused before it takes any memory
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def picture_size(data: bytes) -> tuple[int, int] | None:
    """(height, width) from the header alone; None if there is no readable one."""
    if data[:2] == b"\xff\xd8":
        at = _jpeg_frame(data)
        return struct.unpack_from(">HH", data, at + 5) if at else None
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
        return height, width
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of a decompression bomb
            with Image.open(io.BytesIO(data)) as picture:
                return picture.height, picture.width
    except Exception:  # Pillow's readers raise almost anything for bytes that are no picture
        return None


def _jpeg_frame(data: bytes) -> int:
    """Where the header of the picture itself begins, past any thumbnail; 0 if nowhere."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return 0
        marker = data[at + 1]
        if marker in _START_OF_FRAME:
            return at
        if marker == 0xFF:  # fill
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        at += 2 + length
    return 0


def decode(data: bytes, channels: int = 3) -> np.ndarray | str:
    """uint8 [height, width, channels], RGB or gray; or the reason why not.

    JPEG and PNG by OpenCV, all else that Pillow reads by Pillow. A JPEG must have its end,
    since decoders fill what is cut off with gray; what cameras append to it does not matter.
    """
    size = picture_size(data)
    if size is None or 0 in size:
        return "undecodable"
    if size[0] * size[1] > MAX_PIXELS:
        return "too_large"
    jpeg = data[:2] == b"\xff\xd8"
    if jpeg and data.rfind(b"\xff\xd9") < _jpeg_frame(data):
        return "truncated"
    if jpeg or data[:4] == b"\x89PNG":
        flag = cv2.IMREAD_COLOR_RGB if channels == 3 else cv2.IMREAD_GRAYSCALE
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
        if picture is None:
            return "undecodable"
        return picture if picture.ndim == 3 else picture[:, :, None]
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.mode in ("I", "F"):  # no telling what is white
                return "unknown_depth"
            plain: Image.Image = opened
            if opened.mode.startswith("I;16"):  # which Pillow would cut at 255, not scale
                plain = Image.fromarray((np.asarray(opened) >> 8).astype(np.uint8))
            pixels = np.asarray(plain.convert("RGB" if channels == 3 else "L"))
    except Exception:  # as above
        return "undecodable"
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


class Fitter:
    """Crops the centre of pictures and resizes it to side x side, anti-aliased.

    crop 0 takes the whole picture, whatever its shape (as the course chapter does); crop -1
    the largest centred square; else the centred square of that side.
    """

    def __init__(self, crop: int, side: int):
        self.crop, self.side = crop, side
        self._taps: dict[int, Taps] = {}

    def fit(self, picture: np.ndarray, out: np.ndarray) -> str:
        """Writes into `out`, uint8 [side, side, channels]; returns "" or the reason why not."""
        height, width = picture.shape[:2]
        square = min(height, width) if self.crop < 0 else self.crop
        rows, columns = (square, square) if square else (height, width)
        if rows > height or columns > width:
            return "too_small"
        top, left = (height - rows) // 2, (width - columns) // 2
        resample(picture, self._taps_of(rows), self._taps_of(columns), top, left, out)
        return ""

    def _taps_of(self, size: int) -> Taps:
        if size not in self._taps:
            if len(self._taps) > 256:  # folders of pictures of every size
                self._taps.clear()
            self._taps[size] = make_taps(size, self.side)
        return self._taps[size]
