"""The run of one `latentforge prep`: streams, progress and summary around the preparation."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from data_prep.config import PrepConfig
from pipeline.logs import quiet_libraries

if TYPE_CHECKING:
    from data_prep.job.progress import PrepProgress
    from data_prep.manifest import Manifest

MOST_LABELS = 12  # named in the summary; the manifest names them all


def run_prep(
    config: PrepConfig,
    inputs: Sequence[str],
    output: str,
    *,
    overwrite: bool,
    workers: int,
    beam_args: Sequence[str],
) -> None:
    """Prepares with a progress bar and prints a summary of the data set."""
    started = time.monotonic()
    with quiet_libraries(), _progress_bar() as on_progress:
        from data_prep.job.prepare import prepare

        manifest = prepare(
            config,
            inputs,
            output,
            workers=workers,
            beam_args=beam_args,
            overwrite=overwrite,
            on_progress=on_progress,
        )
    _summarize(manifest, output, time.monotonic() - started)


@contextmanager
def _progress_bar() -> Iterator[Callable[[PrepProgress], None]]:
    """A bar on the terminal's standard error, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    # Standard error leads to the log by now, so the terminal itself is opened.
    try:
        terminal = open("/dev/tty", "w") if sys.__stdin__ and os.isatty(0) else None  # noqa: SIM115
    except OSError:
        terminal = None
    if terminal is None:
        yield lambda progress: None
        return
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f}%")
    with terminal, Bar(*columns, TimeElapsedColumn(), console=Console(file=terminal)) as bar:
        reading = bar.add_task("read and route", total=1.0)
        writing = bar.add_task("draw and write", total=1.0)

        def update(progress: PrepProgress) -> None:
            bar.update(reading, completed=progress.bytes_read / max(progress.bytes_total, 1))
            bar.update(writing, completed=progress.shards_made / max(progress.shards_total, 1))

        yield update


def _summarize(manifest: Manifest, output: str, seconds: float) -> None:
    """Prints the counts of the manifest."""
    counts, image = manifest.counts, manifest.image
    splits = ", ".join(f"{split} {n:,}" for split, n in counts["by_split"].items())
    click.echo(f"{counts['written']:,} images of {image.height}x{image.width} written: {splits}")
    differing = counts["duplicates_that_differ"]
    for part, reasons in (
        ("rejected", manifest.rejects),
        ("filtered", counts["filtered_by_reason"]),
        ("duplicates", {"whose contents differ, see the rejects file": differing}),
    ):
        if counts[part]:
            why = ", ".join(f"{reason} {n:,}" for reason, n in reasons.items() if n)
            click.echo(f"{counts[part]:,} {part}" + (f": {why}" if why else ""))
    labels = counts["by_label"]
    listed = ", ".join(f"{label} {n:,}" for label, n in list(labels.items())[:MOST_LABELS])
    more = f" and {len(labels) - MOST_LABELS} more" if len(labels) > MOST_LABELS else ""
    if labels:
        click.echo(f"{len(labels)} labels: {listed}{more}")
    click.echo(f"{output}: {len(manifest.shards)} shards, complete ({seconds:.1f} s)")
