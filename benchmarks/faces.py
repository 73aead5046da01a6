"""The microseconds a face takes from CelebA's zip to 64x64 shards, against decoding alone.

  python benchmarks/faces.py [--small N] [--large N] [--repeats N]

The preparation runs as a fresh process on one core at two sizes; the slope between them is
the cost of one more face. The yardstick is OpenCV's libjpeg-turbo decoding the same bytes
from memory, in this process, on the same core. With --workers it compares 1 and 2 worker
processes instead (two free cores wanted).
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np
from preparation import LATENTFORGE, Cost, run_once
from rich.console import Console
from rich.table import Table

from data_prep.synthetic.faces import ATTRIBUTES_FILE, IMAGE_FOLDER, write_faces

DECODED = 12_000  # faces that the yardstick decodes, at most


def faces(scratch: Path) -> tuple[list[bytes], str]:
    """Returns encoded faces: real ones where they are at hand, else procedural ones."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("LATENTFORGE_TEST_DATA", beside))
    archive = folder / "celeba" / "img_align_celeba.zip"
    if archive.exists():
        with zipfile.ZipFile(archive) as file:
            return [file.read(name) for name in sorted(file.namelist())], "real"
    drawn = scratch / "drawn" / IMAGE_FOLDER
    if not drawn.exists():
        write_faces(str(drawn.parent), count=4000, seed=0)
    return [path.read_bytes() for path in sorted(drawn.iterdir())], "procedural"


def write_archive(folder: Path, encoded: list[bytes], count: int) -> list[str]:
    """Writes an archive of `count` faces under new names, and their list; returns the options."""
    folder.mkdir()
    names = [f"{i:06d}.jpg" for i in range(1, count + 1)]
    with zipfile.ZipFile(folder / "faces.zip", "w") as file:
        for i, name in enumerate(names):
            file.writestr(f"{IMAGE_FOLDER}/{name}", encoded[i % len(encoded)])
    header = " ".join(f"attribute_{j}" for j in range(40))
    rows = [f"{name} " + " ".join(["-1", " 1"] * 20) for name in names]
    (folder / ATTRIBUTES_FILE).write_text("\n".join([str(count), header, *rows]) + "\n")
    return [
        "--input", str(folder / "faces.zip"), "--attributes", str(folder / ATTRIBUTES_FILE),
        "--image-size", "64", "--crop", "148",
    ]  # fmt: skip


def decode_time(encoded: list[bytes]) -> float:
    """Returns the seconds that decoding alone takes for a face."""
    arrays = [np.frombuffer(data, np.uint8) for data in encoded[:DECODED]]
    start = time.process_time()
    for array in arrays:
        cv2.imdecode(array, cv2.IMREAD_COLOR)
    return (time.process_time() - start) / len(arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", type=int, default=2_000, help="faces (default 2000)")
    parser.add_argument("--large", type=int, default=12_000, help="faces (default 12000)")
    parser.add_argument("--repeats", type=int, default=3, help="of each (default 3)")
    parser.add_argument("--workers", action="store_true", help="compare 1 and 2 processes")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    cores = sorted(os.sched_getaffinity(0))
    contenders = (1, 2) if arguments.workers else (1,)
    costs: dict[tuple[int, str], list[Cost]] = {}
    decoding: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        encoded, kind = faces(Path(scratch))
        sizes = {"small": arguments.small, "large": arguments.large}
        options = {s: write_archive(Path(scratch) / s, encoded, n) for s, n in sizes.items()}
        if not arguments.workers:
            os.sched_setaffinity(0, {cores[0]})
        for repeat in range(-1, arguments.repeats):  # the first turn fills caches
            for workers in contenders:
                for size in sizes if repeat >= 0 else ("small",):
                    with tempfile.TemporaryDirectory(dir=scratch) as output:
                        command = [LATENTFORGE, "prep", "celeba", *options[size]]
                        command += ["--output", output, "--workers", str(workers)]
                        pinned = set(cores) if arguments.workers else {cores[0]}
                        cost = run_once(command, pinned)
                    if repeat >= 0:
                        costs.setdefault((workers, size), []).append(cost)
            decoding.append(decode_time(encoded))
    report(contenders, sizes, costs, decoding, kind)


def report(contenders, sizes, costs, decoding, kind) -> None:
    more = sizes["large"] - sizes["small"]
    decode = statistics.median(decoding) * 1e6
    title = f"CelebA zip to 64x64 shards, {sizes['large']:,} faces ({kind})"
    table = Table(title=f"{title}\nbare JPEG decoding: {decode:.0f} us/face")
    for heading in ("processes", "us/face", "processor", "start-up, s", "of decoding", "speed-up"):
        table.add_column(heading, justify="right")
    first = 0.0
    for workers in contenders:
        small, large = (
            Cost(*(statistics.median(part) for part in zip(*costs[workers, size], strict=True)))
            for size in ("small", "large")
        )
        slope = Cost(*((b - a) / more * 1e6 for a, b in zip(small, large, strict=True)))
        first = first or slope.wall
        # Beam does not wait for its worker processes, so their processor time is not known.
        alone = workers == 1
        table.add_row(
            str(workers), f"{slope.wall:.0f}", f"{slope.processor:.0f}" if alone else "-",
            f"{small.wall - slope.wall * sizes['small'] / 1e6:.1f}",
            f"{slope.processor / decode:.2f}" if alone else "-", f"{first / slope.wall:.2f}",
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
