"""The progress of a preparation, read from the reports in its staging folder."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from data_prep.filesystem import InputFile, join, list_files
from data_prep.job.plan import Plan
from data_prep.layout import REPORTS

POLL_SECONDS = 0.5


class PrepProgress(NamedTuple):
    """The bytes of input read and the shards written so far, and their totals."""

    bytes_read: int
    bytes_total: int
    shards_made: int
    shards_total: int


@contextlib.contextmanager
def watch_progress(
    plan: Plan, files: Sequence[InputFile], on_progress: Callable[[PrepProgress], None] | None
):
    """Reports progress by the reports in the staging folder, whatever the runner."""
    if on_progress is None:
        yield
        return
    total = sum(file.size for group in plan.reader.groups(files) for file in group)
    done = threading.Event()

    def report() -> None:
        names = [
            os.path.basename(m.path) for m in list_files(join(plan.staging, REPORTS, "*.json"))
        ]
        sizes = [int(n[:-5].rsplit("-", 1)[1]) for n in names if n.startswith("chunk-")]
        shards = sum(n.startswith("shard-") for n in names)
        on_progress(PrepProgress(sum(sizes), total, shards, plan.total_shards))

    def poll() -> None:
        while not done.wait(POLL_SECONDS):
            report()

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield
        report()
    finally:
        done.set()
        thread.join()
