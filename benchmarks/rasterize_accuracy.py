"""The error of the `official` rasterizer, and of Google's bitmaps, from a supersampled truth.

  python benchmarks/rasterize_accuracy.py [--drawings N]

The truth is the share of a pixel's 16 x 16 points that lie within half a line's width of a stroke.
Errors are in grey levels of 255, over all pixels. Google's bitmaps, 28 x 28, are row i of a
`numpy_bitmap` file for drawing i of the word's simplified `.ndjson`, where both are under
$LATENTFORGE_TEST_DATA or ../shared/data; without them it takes the sample drawings.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import struct
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from data_prep.formats.quickdraw_binary import split_records
from data_prep.pixels.rasterize import rasterize
from data_prep.synthetic.drawings import write_drawings

SIDES = (8, 16, 28, 64, 128)
FINER = 16  # points along a pixel
UNITS, RADIUS = 304, 8  # of an image's side and half a line's width, in the drawing's units

Strokes = list[np.ndarray]  # float64 [points, 2]


def drawings_of_google(each: int) -> tuple[list[Strokes], np.ndarray]:
    """Returns the first drawings of each word, and their bitmaps, uint8 [n, 28, 28]."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("LATENTFORGE_TEST_DATA", beside)) / "quickdraw"
    drawings: list[Strokes] = []
    bitmaps = [np.empty((0, 784), np.uint8)]
    for path in sorted(folder.glob("numpy_bitmap/*.npy")):
        lines = folder / "simplified" / f"{path.stem}.ndjson"
        if lines.exists():
            with open(lines) as file:
                found = [json.loads(line)["drawing"] for line in itertools.islice(file, each)]
            drawings += [[np.array(stroke[:2], float).T for stroke in each] for each in found]
            bitmaps.append(np.load(path, mmap_mode="r")[: len(found)])
    return drawings, np.concatenate(bitmaps).reshape(-1, 28, 28)


def drawings_of_sample(each: int) -> list[Strokes]:
    """Returns drawings of each word of the sample data."""
    drawings = []
    with tempfile.TemporaryDirectory() as folder:
        for path in write_drawings(folder, per_word=max(each, 10), seed=0):
            data = np.fromfile(path, np.uint8)
            for start in split_records(data)[0][:each].tolist():
                (count,) = struct.unpack_from("<H", data, start + 15)
                at, strokes = start + 17, []
                for _ in range(count):
                    (points,) = struct.unpack_from("<H", data, at)
                    strokes.append(data[at + 2 : at + 2 + 2 * points].reshape(2, -1).T * 1.0)
                    at += 2 + 2 * points
                drawings.append(strokes)
    return drawings


def records(drawings: list[Strokes]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the drawings as a buffer, uint8, and the offsets of its records, int64 [n + 1]."""
    parts = []
    for strokes in drawings:
        part = struct.pack("<Q2sBIH", 1, b"US", 1, 0, len(strokes))
        for points in strokes:
            part += struct.pack("<H", len(points)) + points.T.astype(np.uint8).tobytes()
        parts.append(part)
    offsets = np.cumsum([0, *map(len, parts)], dtype=np.int64)
    return np.frombuffer(b"".join(parts), np.uint8), offsets


def supersampled(strokes: Strokes, side: int) -> np.ndarray:
    """Returns the truth for a drawing, float64 [side, side], 0 to 255."""
    points = np.concatenate(strokes)
    middle = (points.min(0) + points.max(0)) / 2
    grid, radius = (np.arange(side * FINER) + 0.5) / FINER, RADIUS * side / UNITS
    drawn = np.zeros((side * FINER, side * FINER), bool)
    for stroke in strokes:
        placed = (stroke - middle) * side / UNITS + side / 2
        for a, b in zip(placed, placed[1:] if len(placed) > 1 else placed, strict=False):
            left, top = np.searchsorted(grid, np.minimum(a, b) - radius)
            right, bottom = np.searchsorted(grid, np.maximum(a, b) + radius)
            x = grid[np.newaxis, left:right] - a[0]
            y = grid[top:bottom, np.newaxis] - a[1]
            dx, dy = b - a
            along = np.clip((x * dx + y * dy) / ((dx * dx + dy * dy) or 1), 0, 1)
            near = (x - along * dx) ** 2 + (y - along * dy) ** 2 <= radius**2
            drawn[top:bottom, left:right] |= near
    return 255 * drawn.reshape(side, FINER, side, FINER).mean(axis=(1, 3))


def add_row(table: Table, name: str, side: int, images: np.ndarray, truth: np.ndarray) -> None:
    errors = images - truth
    each = np.sqrt(np.square(errors).mean(axis=(1, 2)))
    table.add_row(
        name,
        f"{side}",
        f"{np.sqrt(np.square(errors).mean()):.2f}",
        f"{each.min():.1f} to {each.max():.1f}",
        f"{np.abs(errors).max():.0f}",
        f"{100 * images.sum() / truth.sum():.1f}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--drawings", type=int, default=25, help="of each word (default 25)")
    each = parser.parse_args().drawings
    drawings, bitmaps = drawings_of_google(each)
    kind = "real" if drawings else "sample"
    drawings = drawings or drawings_of_sample(each)
    table = Table(title=f"{len(drawings)} {kind} drawings against {FINER}x supersampling")
    for heading in ("what", "side", "RMS", "of a drawing", "largest", "ink, %"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    buffer, offsets = records(drawings)
    for side in SIDES:
        truth = np.array([supersampled(strokes, side) for strokes in drawings])
        add_row(table, "official", side, rasterize(buffer, offsets, side, "official"), truth)
        if side == 28 and len(bitmaps):
            add_row(table, "Google's bitmaps", side, bitmaps, truth)
    Console().print(table)


if __name__ == "__main__":
    main()
