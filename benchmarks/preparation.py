"""The microseconds a drawing takes, whole process, against the obvious Beam pipeline.

  python benchmarks/preparation.py [--small N] [--large N] [--repeats N]

Both turn the same `.bin` files into gzip TFRecords of 28x28 images with the same features,
each in a fresh process on one and the same core, at two sizes. The slope between the sizes
is the cost of a record; what is left is the start-up. The contenders take turns.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from raw_drawings import source_name, write_repeats
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
LATENTFORGE = str(Path(sys.executable).parent / "latentforge")


class Cost(NamedTuple):
    """The seconds of a run."""

    wall: float  # seconds
    processor: float  # seconds


def run_once(command: list[str], cores: set[int]) -> Cost:
    """Runs a command on some cores."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, used)


def obvious(inputs: str, output: str) -> list[str]:
    return [sys.executable, str(HERE / "obvious.py"), f"{inputs}/*.bin", output]


def latentforge(inputs: str, output: str) -> list[str]:
    return [LATENTFORGE, "prep", "quickdraw", "--input", f"{inputs}/*.bin", "--output", output]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", type=int, default=20_000, help="drawings (default 20000)")
    parser.add_argument("--large", type=int, default=200_000, help="drawings (default 200000)")
    parser.add_argument("--repeats", type=int, default=3, help="of each (default 3)")
    arguments = parser.parse_args()

    contenders = {"obvious pipeline": obvious, "latentforge prep": latentforge}
    costs: dict[tuple[str, str], list[Cost]] = {}
    core = min(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as scratch:
        counts = {}
        for size in ("small", "large"):
            folder = Path(scratch) / size
            folder.mkdir()
            counts[size] = write_repeats(str(folder), getattr(arguments, size))
        for repeat in range(-1, arguments.repeats):  # the first turn fills caches
            for name, command in contenders.items():
                for size in counts if repeat >= 0 else ("small",):
                    with tempfile.TemporaryDirectory(dir=scratch) as output:
                        cost = run_once(command(f"{scratch}/{size}", output), {core})
                    if repeat >= 0:
                        costs.setdefault((name, size), []).append(cost)
    report(list(contenders), counts, costs)


def report(names: list[str], counts: dict[str, int], costs: dict) -> None:
    table = Table(
        title=f"Preparation at 28x28, gzip, {counts['small']:,} and {counts['large']:,} "
        f"drawings ({source_name()}), one core:\nslopes by the wall clock and in processor time"
    )
    table.add_column("what")
    for heading in (
        "us/drawing", "processor", "start-up, s", "times as fast", "processor",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    slopes: dict[str, Cost] = {}
    for name in names:
        small, large = (
            Cost(*(statistics.median(part) for part in zip(*costs[name, size], strict=True)))
            for size in ("small", "large")
        )
        more = counts["large"] - counts["small"]
        slopes[name] = Cost(*((b - a) / more for a, b in zip(small, large, strict=True)))
        startup = small.wall - slopes[name].wall * counts["small"]
        ratios = [f"{a / b:.1f}" for a, b in zip(slopes[names[0]], slopes[name], strict=True)]
        table.add_row(
            name, f"{slopes[name].wall * 1e6:.1f}", f"{slopes[name].processor * 1e6:.1f}",
            f"{startup:.1f}", *ratios,
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
