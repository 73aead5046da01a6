"""The raw drawings of the benchmarks: real ones where they are at hand, else the sample's."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from data_prep.formats.quickdraw_binary import split_records
from data_prep.synthetic.drawings import write_drawings


def real_drawings() -> list[str]:
    """Returns the `.bin` files under $LATENTFORGE_TEST_DATA or ../shared/data; none: []."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("LATENTFORGE_TEST_DATA", beside))
    return sorted(str(path) for path in folder.glob("quickdraw/bin/*.bin"))


def source_name() -> str:
    return "real" if real_drawings() else "sample"


def write_repeats(folder: str, drawings: int) -> int:
    """Writes `.bin` files of at least that many drawings, repeats under new keys.

    Returns:
      The number written.
    """
    with tempfile.TemporaryDirectory() as scratch:
        paths = real_drawings() or write_drawings(scratch, per_word=1500, seed=0)
        files = {Path(path).name: np.fromfile(path, np.uint8) for path in paths}
    offsets = {name: split_records(data)[0] for name, data in files.items()}
    repeats = -(-drawings // sum(len(at) - 1 for at in offsets.values()))
    written = 0
    for name, data in files.items():
        keys = offsets[name][:-1, None] + np.arange(8)
        with open(Path(folder) / name, "wb") as file:
            for _ in range(repeats):
                # One counter over all files makes every key unlike the others.
                new = np.arange(written, written + len(keys), dtype="<u8") * 2_654_435_761
                copy = data.copy()
                copy[keys] = new.view(np.uint8).reshape(-1, 8)
                copy.tofile(file)
                written += len(keys)
    return written
