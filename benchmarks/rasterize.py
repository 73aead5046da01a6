"""The microseconds a drawing takes: the rasterizers against plain Pillow and OpenCV.

  python benchmarks/rasterize.py [FILE.bin ...]

All contenders start from the same records in memory, on one core, and parse them
themselves. Without files it takes the real drawings under $LATENTFORGE_TEST_DATA or
../shared/data, and where there are none the sample data. Times are processor time, best and
median of several runs; the ratio is how many times as fast as the Pillow loop.
"""

from __future__ import annotations

import argparse
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw
from raw_drawings import real_drawings, source_name
from rich.console import Console
from rich.table import Table

from data_prep.formats.quickdraw_binary import split_records
from data_prep.pixels.rasterize import rasterize
from data_prep.synthetic.drawings import write_drawings

SIDE = 28
UNITS = 304  # across an official image: 256 + 2 * padding + line_diameter

_u16 = struct.Struct("<H").unpack_from


class Batch(NamedTuple):
    buffer: np.ndarray  # uint8 [total]
    offsets: np.ndarray  # int64 [n + 1]

    def first(self, n: int) -> Batch:
        return Batch(self.buffer, self.offsets[: n + 1])


def load(paths: list[str], at_least: int) -> Batch:
    """Returns the records of all files, repeated until there are enough."""
    data = np.concatenate([np.fromfile(path, np.uint8) for path in paths])
    records = len(split_records(data)[0]) - 1
    buffer = np.tile(data, -(-at_least // records))
    return Batch(buffer, split_records(buffer)[0])


def strokes(data: bytes, start: int) -> Iterator[tuple[bytes, bytes]]:
    """Yields the x and the y of each stroke of the record at `start`."""
    at = start + 17
    for _ in range(_u16(data, at - 2)[0]):
        (points,) = _u16(data, at)
        x, y, at = at + 2, at + 2 + points, at + 2 + 2 * points
        yield data[x:y], data[y:at]


def pillow_loop(batch: Batch) -> np.ndarray:
    """Draws with one `ImageDraw.line` of width 2 a stroke, not anti-aliased."""
    data, starts = batch.buffer.tobytes(), batch.offsets[:-1].tolist()
    pixel = [value * SIDE / 256 for value in range(256)]
    images = np.empty((len(starts), SIDE, SIDE), np.uint8)
    for i, start in enumerate(starts):
        image = Image.new("L", (SIDE, SIDE))
        draw = ImageDraw.Draw(image)
        for xs, ys in strokes(data, start):
            points = [(pixel[x], pixel[y]) for x, y in zip(xs, ys, strict=True)]
            draw.line(points, fill=255, width=2)
        images[i] = np.asarray(image)
    return images


def opencv_loop(batch: Batch) -> np.ndarray:
    """Draws with one anti-aliased `cv2.polylines` a drawing, in 1/256 of a pixel."""
    data, starts = batch.buffer.tobytes(), batch.offsets[:-1].tolist()
    scale = np.float32(256 * SIDE / UNITS)
    images = np.zeros((len(starts), SIDE, SIDE), np.uint8)
    for i, start in enumerate(starts):
        drawing = [
            ((np.frombuffer(xs + ys, np.uint8) + np.float32(24)) * scale)
            .astype(np.int32)
            .reshape(2, 1, -1)
            .T
            for xs, ys in strokes(data, start)
        ]
        cv2.polylines(images[i], drawing, False, 255, 1, cv2.LINE_AA, 8)
    return images


def measure(run: Callable[[Batch], np.ndarray], batch: Batch, repeats: int) -> np.ndarray:
    """Returns the microseconds of processor time per drawing, float64 [repeats]."""
    run(batch.first(100))  # compiles
    times = []
    for _ in range(repeats):
        start = time.process_time()
        images = run(batch)
        times.append((time.process_time() - start) / len(images) * 1e6)
    return np.array(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", metavar="FILE.bin", help="Quick Draw .bin files")
    parser.add_argument("--drawings", type=int, default=20_000, help="at least (default 20000)")
    parser.add_argument("--repeats", type=int, default=5, help="of each (default 5)")
    arguments = parser.parse_args()

    cv2.setNumThreads(1)
    real = arguments.files or real_drawings()
    with tempfile.TemporaryDirectory() as folder:
        paths = real or write_drawings(folder, per_word=1000, seed=0)
        batch = load(paths, arguments.drawings)
    contenders: list[tuple[str, Callable[[Batch], np.ndarray]]] = [
        (f"Pillow loop, {SIDE}, not anti-aliased", pillow_loop),
        (f"OpenCV loop, {SIDE}, anti-aliased", opencv_loop),
        ("book, 32", lambda b: rasterize(*b, 32, "book")),
        ("official, 28", lambda b: rasterize(*b, 28, "official")),
        ("official, 64", lambda b: rasterize(*b, 64, "official")),
    ]
    table = Table(
        title=f"Rasterizers, {len(batch.offsets) - 1:,} drawings ({source_name()}), one core"
    )
    table.add_column("what, side in pixels")
    for heading in ("us/drawing", "median", "ratio"):
        table.add_column(heading, justify="right")
    baseline = None
    for name, run in contenders:
        times = measure(run, batch, arguments.repeats)
        baseline = baseline or times.min()
        ratio = f"{baseline / times.min():.1f}"
        table.add_row(name, f"{times.min():.2f}", f"{np.median(times):.2f}", ratio)
    Console().print(table)


if __name__ == "__main__":
    main()
