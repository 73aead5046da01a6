"""Published numbers beside ours: trains the sources' recipes and writes docs/parity.md.

  python benchmarks/parity/run.py [NAME ...] [--folder build/parity] [--no-report]

Without names every row of rows.py that has not been trained yet. Hours on two cores.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from data import load
from rows import ROWS
from training import train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ROWS))
    parser.add_argument("--folder", type=Path, default=Path("build/parity"))
    parser.add_argument("--no-report", action="store_true", help="train only")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(ROWS))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; allowed: {', '.join(ROWS)}")
    rows = [ROWS[name] for name in arguments.names or ROWS]
    for turn in range(max(len(row.seeds) for row in rows)):  # every row once before any again
        for row in rows:
            if turn < len(row.seeds):
                data = load(row.data, arguments.folder / "data")
                train(row, row.seeds[turn], data, arguments.folder)
    if not arguments.no_report:
        from report import write_report  # the measures are needed for this alone

        print(f"written: {write_report(arguments.folder)}")


if __name__ == "__main__":
    main()
