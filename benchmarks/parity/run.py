"""Published numbers beside ours: trains the sources' recipes and writes docs/parity.md.

  python benchmarks/parity/run.py [NAME ...] [--folder build/parity] [--no-report]
  python benchmarks/parity/run.py --collect [NAME ...] [--folder build/parity]

Without names every row of rows.py, from each of its seeds that has not been trained yet. Hours on
two cores. The results are kept in benchmarks/parity/results, and the page is written from them.
`--collect` trains nothing: it takes what is in the folder.
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
    parser.add_argument("--collect", action="store_true", help="train nothing")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(ROWS))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; allowed: {', '.join(ROWS)}")
    rows = [ROWS[name] for name in arguments.names or ROWS]
    turns = 0 if arguments.collect else max(len(row.seeds) for row in rows)
    for turn in range(turns):  # every row once before any again
        for row in rows:
            if turn < len(row.seeds):
                data = load(row.data, arguments.folder / "data")
                train(row, row.seeds[turn], data, arguments.folder)
    if arguments.no_report:
        return
    from measure import collect, draw_digits
    from report import FIGURES, write_report  # the measures are needed for these alone

    for row in rows:
        collect(row, arguments.folder)
    draw_digits(arguments.folder, FIGURES / "digits.png")
    print(f"written: {write_report()}")


if __name__ == "__main__":
    main()
