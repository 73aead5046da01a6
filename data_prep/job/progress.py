"""The progress of a preparation, read from the reports in its staging folder."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from data_prep.filesystem import InputFile, join, list_files
from data_prep.job.plan import Plan

POLL_SECONDS = 0.5


class PrepProgress(NamedTuple):
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

    def look() -> None:
        names = [
            os.path.basename(m.path) for m in list_files(join(plan.staging, "reports", "*.json"))
        ]
        sizes = [int(n[:-5].rsplit("-", 1)[1]) for n in names if n.startswith("chunk-")]
        made = sum(n.startswith("shard-") for n in names)
        on_progress(PrepProgress(sum(sizes), total, made, plan.total_shards))

    def poll() -> None:
        while not done.wait(POLL_SECONDS):
            look()

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield
        look()
    finally:
        done.set()
        thread.join()
