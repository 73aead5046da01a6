"""The peak memory of a preparation, its worker processes included, at two sizes.

  python benchmarks/memory.py [--faces] [--small N] [--large N]

Samples the proportional set size of the whole process tree ten times a second (Linux).
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
from faces import faces, write_archive
from preparation import LATENTFORGE
from raw_drawings import source_name, write_repeats
from rich.console import Console
from rich.table import Table

INTERVAL = 0.1  # seconds
DRAWINGS = {"small": 100_000, "large": 1_000_000}


def tree_memory(root: psutil.Process) -> int:
    """Returns the bytes of the process and its descendants, shared pages counted once."""
    total = 0
    for process in [root, *root.children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:  # it ended meanwhile
            continue
    return total


def peak_memory(command: list[str]) -> int:
    """Runs a command; returns the most bytes that its processes took."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        root, peak = psutil.Process(child.pid), 0
        while child.poll() is None:
            try:
                peak = max(peak, tree_memory(root))
            except psutil.Error:
                break
            time.sleep(INTERVAL)
    if child.returncode:
        raise SystemExit(f"{command}: exit status {child.returncode}")
    return peak


def drawing_commands(scratch: Path, size: str, count: int) -> tuple[int, list[str]]:
    folder = scratch / size
    folder.mkdir()
    written = write_repeats(str(folder), count)
    return written, [LATENTFORGE, "prep", "quickdraw", "--input", f"{folder}/*.bin"]


def face_commands(scratch: Path, size: str, count: int) -> tuple[int, list[str]]:
    options = write_archive(scratch / size, faces(scratch)[0], count)
    return count, [LATENTFORGE, "prep", "celeba", *options]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", action="store_true", help="CelebA's zip instead of drawings")
    parser.add_argument("--small", type=int, help="records (default 100000, or 2000 faces)")
    parser.add_argument("--large", type=int, help="records (default 1000000, or 40000 faces)")
    arguments = parser.parse_args()
    usual = {"small": 2_000, "large": 40_000} if arguments.faces else DRAWINGS
    sizes = {size: getattr(arguments, size) or usual[size] for size in usual}
    kind = "faces" if arguments.faces else f"{source_name()} drawings"
    table = Table(title=f"Peak memory of a preparation ({kind}), MB")
    for heading in ("worker processes", "records", "peak, MB", "times the smaller"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as scratch:
        make = face_commands if arguments.faces else drawing_commands
        commands = {size: make(Path(scratch), size, count) for size, count in sizes.items()}
        for workers in (1, 2):
            smaller = 0
            for count, command in commands.values():
                with tempfile.TemporaryDirectory(dir=scratch) as output:
                    peak = peak_memory([*command, "--output", output, "--workers", str(workers)])
                smaller = smaller or peak
                row = (str(workers), f"{count:,}", f"{peak / 1e6:,.0f}", f"{peak / smaller:.2f}")
                table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
