"""`latentforge prep SOURCE`: raw files -> a prepared data set, with live progress."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data_prep.errors import InputError
from data_prep.options import RASTERIZERS, PrepOptions
from pipeline.logs import quiet_libraries

if TYPE_CHECKING:
    from data_prep.job import Progress
    from data_prep.manifest import Manifest

MOST_LABELS = 12  # named in the summary; the manifest names them all


@click.group()
def prep() -> None:
    """Turn raw files into sharded, split and counted tf.Examples.

    Options of a Beam runner go after `--`; without them the job runs here.
    """


def _output_options(command: Callable) -> Callable:
    options = [
        click.option("--output", required=True, metavar="DIR", help="The data set's directory."),
        click.option("--overwrite", is_flag=True, help="Replace a different data set there."),
        click.option("--image-size", type=int, default=28, show_default=True, metavar="PIXELS"),
        click.option(
            "--rasterizer", type=click.Choice(RASTERIZERS), default="official", show_default=True,
            help="official: anti-aliased, white on black; book: the cookbook's, at 32 pixels.",
        ),
        click.option("--words", default="", metavar="A,B,…", help="Only these words."),
        click.option("--recognized-only", is_flag=True, help="Only drawings the game recognized."),
        click.option("--per-label", type=int, default=0, metavar="N", help="At most N a word."),
        click.option("--seed", type=int, default=0, show_default=True, help="Of the splits."),
        click.option("--split-by", default="key", show_default=True),
        click.option("--shards", type=int, default=0, metavar="N", help="Files a split."),
        click.option("--max-reject-rate", type=float, default=0.01, show_default=True),
        click.option(
            "--workers", type=click.IntRange(1), default=1, show_default=True,
            help="Local processes.",
        ),
        click.argument("beam_args", nargs=-1, type=click.UNPROCESSED),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@prep.command()
@click.option(
    "--input", "inputs", required=True, multiple=True, metavar="GLOB",
    help=".bin, .ndjson (simplified or raw) or .npy files, or a folder of them; repeatable.",
)  # fmt: skip
@_output_options
def quickdraw(inputs: tuple[str, ...], **options: Any) -> None:
    """Google's Quick, Draw! drawings."""
    _prepare("quickdraw", inputs, **options)


@prep.command()
@click.option("--per-word", type=int, default=1000, show_default=True, help="Drawings a word.")
@click.option("--sample-seed", type=int, default=0, show_default=True, help="Of the drawings.")
@_output_options
def sample(per_word: int, sample_seed: int, output: str, **options: Any) -> None:
    """Procedural drawings with known factors, made here; their files go to DIR/raw."""
    from pipeline.config import SampleConfig
    from pipeline.raw_inputs import sample_drawings

    if "://" in output:
        raise InputError(f"output: got {output!r}, allowed: a local directory for `prep sample`")
    config = SampleConfig(per_word=per_word, seed=sample_seed)
    folder = sample_drawings(config, Path(output) / "raw")
    _prepare("sample", (str(folder),), output=output, **options)


def _prepare(
    source: str,
    inputs: Sequence[str],
    *,
    output: str,
    overwrite: bool,
    workers: int,
    beam_args: Sequence[str],
    words: str,
    **options: Any,
) -> None:
    wanted = tuple(word.strip() for word in words.split(",")) if words else ()
    shaped = PrepOptions(source=source, words=wanted, **options)
    started = time.monotonic()
    with quiet_libraries(), _progress_bar() as on_progress:
        from data_prep.job import prepare

        manifest = prepare(
            shaped,
            inputs,
            output,
            workers=workers,
            beam_args=beam_args,
            overwrite=overwrite,
            on_progress=on_progress,
        )
    _summarize(manifest, output, time.monotonic() - started)


@contextmanager
def _progress_bar() -> Iterator[Callable[[Progress], None]]:
    """A bar on the terminal's standard error, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    # Standard error leads to the log by now; the terminal itself is asked for.
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
        making = bar.add_task("draw and write", total=1.0)

        def update(progress: Progress) -> None:
            bar.update(reading, completed=progress.bytes_read / max(progress.bytes_total, 1))
            bar.update(making, completed=progress.shards_made / max(progress.shards_total, 1))

        yield update


def _summarize(manifest: Manifest, output: str, seconds: float) -> None:
    counts, image = manifest.counts, manifest.image
    splits = ", ".join(f"{split} {n:,}" for split, n in counts["by_split"].items())
    click.echo(f"{counts['written']:,} images of {image.height}x{image.width} written: {splits}")
    for part, reasons in (
        ("rejected", manifest.rejects),
        ("filtered", counts["filtered_by_reason"]),
        ("duplicates", {}),
    ):
        if counts[part]:
            why = ", ".join(f"{reason} {n:,}" for reason, n in reasons.items())
            click.echo(f"{counts[part]:,} {part}" + (f": {why}" if why else ""))
    labels = counts["by_label"]
    named = ", ".join(f"{label} {n:,}" for label, n in list(labels.items())[:MOST_LABELS])
    more = f" and {len(labels) - MOST_LABELS} more" if len(labels) > MOST_LABELS else ""
    if labels:
        click.echo(f"{len(labels)} labels: {named}{more}")
    click.echo(f"{output}: {len(manifest.shards)} shards, complete ({seconds:.1f} s)")
