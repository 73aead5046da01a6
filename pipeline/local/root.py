"""The root of a run: the directory that holds everything it leaves behind."""

from __future__ import annotations

from pathlib import Path

RUNS = Path("runs")  # the directory of the roots of commands that name none
SUMMARY = "summary.json"
METADATA = "metadata.sqlite"


def newest_root() -> Path | None:
    """Returns the root below `RUNS` whose summary is the newest; None where there is none."""
    summaries = sorted(RUNS.glob(f"*/{SUMMARY}"), key=lambda path: path.stat().st_mtime)
    return summaries[-1].parent if summaries else None
