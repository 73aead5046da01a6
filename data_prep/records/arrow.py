"""The views between Arrow columns of bytes and numpy arrays, without copying."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa


def binary_parts(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Returns (uint8 data, int64 offsets [n + 1]) of a large_binary array, slices included."""
    _, offsets, data = values.buffers()
    at = np.frombuffer(offsets, np.int64)[values.offset : values.offset + len(values) + 1]
    return np.frombuffer(data or b"", np.uint8), at


def joined_bytes(values: pa.Array) -> np.ndarray:
    """Returns all values of a large_binary array one after the other, uint8 [total]."""
    data, offsets = binary_parts(values)
    return data[offsets[0] : offsets[-1]]


def binary_array(data: np.ndarray, offsets: np.ndarray) -> pa.Array:
    """Returns the array of data and offsets, without copying: the inverse of `binary_parts`."""
    parts = [None, pa.py_buffer(np.ascontiguousarray(offsets, np.int64)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, parts)


def image_column(images: np.ndarray) -> pa.Array:
    """Returns the bytes of each image of uint8 [n, ...] as large_binary [n]."""
    flat = np.ascontiguousarray(images).reshape(-1)
    step = flat.size // len(images) if len(images) else 0
    return binary_array(flat, np.arange(len(images) + 1) * step)


def large_binary(values: Sequence[bytes]) -> pa.Array:
    """Returns the values as a large_binary array."""
    return pa.array(values, pa.large_binary())


def read_only(array: np.ndarray) -> np.ndarray:
    """Returns a contiguous view that cannot be written: one type, so one compilation."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
