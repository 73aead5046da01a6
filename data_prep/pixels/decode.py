"""The way from encoded pictures to square uint8 images: checked, decoded, cropped, resized."""

from __future__ import annotations

import io
import struct
import warnings
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageOps

from data_prep.pixels.resize import Taps, make_taps, resample

MAX_PIXELS = 50_000_000  # a larger picture is refused before it takes any memory
REDUCTIONS = (8, 4, 2)  # at which libjpeg decodes a JPEG smaller, and faster
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class Picture(NamedTuple):
    """A decoded picture, perhaps reduced.

    pixels: uint8 [height / reduction, width / reduction, channels] (rounded up), RGB or gray.
    height, width: of the whole picture.
    reduction: the number of the picture's pixels that a pixel stands for along each side.
    """

    pixels: np.ndarray
    height: int
    width: int
    reduction: int = 1


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Returns (height, width) from the header alone; None if there is no readable one."""
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
    """Returns the start of the picture's own header, past any thumbnail; 0 if there is none."""
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


def decode(data: bytes, channels: int = 3, fitter: Fitter | None = None) -> Picture | str:
    """Decodes a picture, or returns the reason why it cannot.

    JPEG and PNG by OpenCV, all else that Pillow reads by Pillow. A JPEG must have its end,
    since decoders fill what is cut off with gray; what cameras append to it does not matter.

    channels: 3 or 1.
    fitter: the crop and size to decode for; a JPEG that shrinks a lot is reduced by libjpeg.
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
        reduction = fitter.reduction(*size) if fitter and jpeg else 1
        flags = cv2.IMREAD_COLOR_RGB if channels == 3 else cv2.IMREAD_GRAYSCALE
        if reduction > 1:  # there are no names for these in RGB, only the bits
            flags |= 8 * reduction
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
        if pixels is None:
            return "undecodable"
        as_stored = tuple(-(-side // reduction) for side in size)
        if pixels.shape[:2] != as_stored:  # OpenCV turned the picture by its EXIF data
            size = size[::-1]
        return Picture(pixels.reshape(*pixels.shape[:2], channels), *size, reduction)
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.mode in ("I", "F"):  # no telling what is white
                return "unknown_depth"
            plain: Image.Image = ImageOps.exif_transpose(opened)
            if plain.mode.startswith("I;16"):  # which Pillow would cut at 255, not scale
                plain = Image.fromarray((np.asarray(plain) >> 8).astype(np.uint8))
            pixels = np.asarray(plain.convert("RGB" if channels == 3 else "L"))
    except Exception:  # as above
        return "undecodable"
    return Picture(pixels.reshape(*pixels.shape[:2], channels), *pixels.shape[:2])


class Fitter:
    """A crop of the centre of pictures and its size, side x side; resized without aliasing.

    crop 0 takes the whole picture, whatever its shape (as the course chapter does); crop -1
    the largest centred square; else the centred square of that side.
    """

    def __init__(self, crop: int, side: int):
        self.crop, self.side = crop, side
        self._taps: dict[tuple[int, float, float], Taps] = {}

    def reduction(self, height: int, width: int) -> int:
        """Returns the largest reduction at which the crop still has side x side pixels."""
        least = min(self._crop_of(height, width))
        return next((n for n in REDUCTIONS if least >= n * self.side), 1)

    def fit(self, picture: Picture, out: np.ndarray) -> str:
        """Writes into `out`, uint8 [side, side, channels]; returns "" or the reason why not."""
        size = picture.height, picture.width
        crop = self._crop_of(*size)
        if crop[0] > size[0] or crop[1] > size[1]:
            return "too_small"
        rows, columns = (
            self._taps_of(
                picture.pixels.shape[axis],
                (size[axis] - crop[axis]) // 2 / picture.reduction,
                crop[axis] / picture.reduction,
            )
            for axis in (0, 1)
        )
        resample(picture.pixels, rows, columns, out)
        return ""

    def _crop_of(self, height: int, width: int) -> tuple[int, int]:
        if not self.crop:
            return height, width
        square = min(height, width) if self.crop < 0 else self.crop
        return square, square

    def _taps_of(self, size: int, start: float, length: float) -> Taps:
        key = size, start, length
        if key not in self._taps:
            if len(self._taps) > 256:  # folders of pictures of every size
                self._taps.clear()
            self._taps[key] = make_taps(size, self.side, start, length)
        return self._taps[key]
