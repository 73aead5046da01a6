"""Peak memory of a preparation, its worker processes included, at two sizes.

  python benchmarks/memory.py [--small N] [--large N]

Samples the proportional set size of the whole process tree ten times a second (Linux).
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
from preparation import latentforge
from raw_drawings import source_name, write_repeats
from rich.console import Console
from rich.table import Table

INTERVAL = 0.1  # seconds


def tree_memory(root: psutil.Process) -> int:
    """Bytes that the process and its descendants take, shared pages counted once."""
    total = 0
    for process in [root, *root.children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:  # it ended meanwhile
            continue
    return total


def peak_memory(command: list[str]) -> int:
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", type=int, default=100_000, help="drawings (default 100000)")
    parser.add_argument("--large", type=int, default=1_000_000, help="drawings (default 1000000)")
    arguments = parser.parse_args()
    table = Table(title=f"Peak memory of a preparation ({source_name()} drawings), MB")
    for heading in ("worker processes", "drawings", "peak, MB", "times the smaller"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as scratch:
        counts = {}
        for size in ("small", "large"):
            folder = Path(scratch) / size
            folder.mkdir()
            counts[size] = write_repeats(str(folder), getattr(arguments, size))
        for workers in (1, 2):
            smaller = 0
            for size, count in counts.items():
                with tempfile.TemporaryDirectory(dir=scratch) as output:
                    command = latentforge(f"{scratch}/{size}", output)
                    peak = peak_memory([*command, "--workers", str(workers)])
                smaller = smaller or peak
                row = (str(workers), f"{count:,}", f"{peak / 1e6:,.0f}", f"{peak / smaller:.2f}")
                table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
