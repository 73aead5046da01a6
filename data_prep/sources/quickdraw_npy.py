"""Quick Draw's `numpy_bitmap` files: an .npy array of N x 784 uint8, white on black."""

from __future__ import annotations

import io
import math

import numpy as np

from data_prep.filesystem import open_raw
from data_prep.sources.base import Chunk, Reject

SIDE = 28
PIXELS = SIDE * SIDE
SIDES = (28, 32)  # as it is, or with a border of 2 as MNIST is padded
INK = "white"
_MAX_HEADER = 4096  # bytes


def read_rows(chunk: Chunk) -> tuple[list[bytes], np.ndarray, list[Reject]]:
    """Returns keys, uint8 [n, 784] and rejects of the rows that begin in the chunk.

    A key is "<word>/<row>": these files carry no key_id.
    """
    with open_raw(chunk.file.path) as stream:
        head = stream.read(_MAX_HEADER)
        data_at, promised, problem = _header(head)
        if problem:
            rejects = [Reject("not_a_bitmap_file", "byte", 0, detail=problem)]
            return [], np.empty((0, PIXELS), np.uint8), rejects if chunk.start == 0 else []
        whole_rows = (chunk.file.size - data_at) // PIXELS
        available = min(promised, whole_rows)
        first = min(math.ceil(max(chunk.start - data_at, 0) / PIXELS), available)
        last = min(math.ceil(max(chunk.stop - data_at, 0) / PIXELS), available)
        stream.seek(data_at + first * PIXELS)
        rows = np.frombuffer(stream.read((last - first) * PIXELS), np.uint8).reshape(-1, PIXELS)
    rejects = []
    if chunk.stop == chunk.file.size:
        if available < promised:
            detail = f"the header promises {promised} rows, {available} are whole"
            rejects.append(Reject("truncated", "row", available, detail=detail))
        elif chunk.file.size > data_at + promised * PIXELS:
            detail = f"bytes after the {promised} rows that the header promises"
            rejects.append(Reject("damaged", "byte", data_at + promised * PIXELS, detail=detail))
    keys = [f"{chunk.file.stem}/{row}".encode() for row in range(first, last)]
    return keys, rows, rejects


def pad(data: np.ndarray, side: int) -> np.ndarray:
    """Pads uint8 [n * 784] with background to uint8 [n, side, side]."""
    border = (side - SIDE) // 2
    images = data.reshape(-1, SIDE, SIDE)
    return np.pad(images, ((0, 0), (border, border), (border, border))) if border else images


def _header(head: bytes) -> tuple[int, int, str]:
    """Returns (offset of the rows, their number, the fault of the header or "")."""
    stream = io.BytesIO(head)
    try:
        version = np.lib.format.read_magic(stream)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, fortran, dtype = read(stream, max_header_size=_MAX_HEADER)
    except (ValueError, KeyError, SyntaxError, TypeError, EOFError) as e:
        return 0, 0, f"no .npy header ({str(e).splitlines()[0][:80] if str(e) else 'unknown'})"
    if dtype != np.uint8 or fortran or math.prod(shape[1:]) != PIXELS or len(shape) < 2:
        return 0, 0, f"{dtype} {shape}, expected uint8 (N, {PIXELS})"
    return stream.tell(), int(shape[0]), ""
