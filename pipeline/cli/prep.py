"""The command `latentforge prep SOURCE`: raw files become a prepared data set.

Every source of the registry is a command; its options, defaults and help are the source's.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data_prep.config import PrepConfig, SampleConfig
from data_prep.config_base import Config
from data_prep.errors import InputError
from data_prep.source_registry import GeneratedSource, Option, Source, sources
from pipeline.dag.raw_inputs import generated_folder
from pipeline.logs import quiet_libraries

if TYPE_CHECKING:
    from data_prep.job.progress import PrepProgress
    from data_prep.manifest import Manifest

MOST_LABELS = 12  # named in the summary; the manifest names them all
_SAMPLE = "sample_"  # begins the names of parameters that are fields of SampleConfig

_every_source = (
    click.Option(["--output"], required=True, metavar="DIR", help="Directory of the data set."),
    click.Option(["--overwrite"], is_flag=True, help="Replace a different data set there."),
    click.Option(["--seed"], type=int, default=0, show_default=True, help="Seed of the splits."),
    click.Option(
        ["--split-by"], default="auto", show_default=True,
        help="Split by key, identity, partition (the official one), or auto.",
    ),
    click.Option(
        ["--splits"], default="0.8,0.1,0.1", show_default=True, metavar="TRAIN,EVAL,TEST",
        help="Shares of the records in each split.",
    ),
    click.Option(
        ["--shards"], type=int, default=0, metavar="N",
        help="Number of shards of each split. Default: from the size of the input.",
    ),
    click.Option(
        ["--per-label"], type=int, default=0, metavar="N",
        help="Keep at most N records of each label.",
    ),
    click.Option(
        ["--max-reject-rate"], type=float, default=0.01, show_default=True,
        help="Share of rejects above which the job fails, counted from 100 rejects on.",
    ),
    click.Option(
        ["--workers"], type=click.IntRange(1), default=1, show_default=True,
        help="Number of local processes.",
    ),
    click.Argument(["beam_args"], nargs=-1, type=click.UNPROCESSED),
)  # fmt: skip


class SourceGroup(click.Group):
    """A group with a command for every registered source."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        commands = map(_command, sources().values())
        self.commands = {str(command.name): command for command in commands}
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self.list_commands(ctx)
        return super().get_command(ctx, cmd_name)


@click.group(cls=SourceGroup)
def prep() -> None:
    """Turn raw files into sharded, split and counted tf.Examples.

    Options of a Beam runner go after `--`; without them the job runs here.
    """


def _command(source: Source) -> click.Command:
    """Builds the command of a source."""
    if isinstance(source, GeneratedSource):
        first = [_option(option, SampleConfig, _SAMPLE) for option in source.sample_options]
    else:
        first = [
            click.Option(
                ["--input", "inputs"], required=True, multiple=True, metavar="GLOB",
                help=f"{source.input_help}; repeatable.",
            )
        ]  # fmt: skip
    options = [_option(option, PrepConfig) for option in source.options]
    return click.Command(
        source.name.replace("_", "-"),
        params=[*first, *options, *_every_source],
        callback=functools.partial(_run, source),
        help=(inspect.getdoc(type(source)) or "").partition("\n\n")[0],
    )


def _option(option: Option, config: type[Config], prefix: str = "") -> click.Option:
    """Builds an option; where its source says no default, the field of `config` has one."""
    default = option.default
    if default is None:
        default = config.__dataclass_fields__[option.name].default
    kind: dict[str, Any] = {}
    if option.choices:
        kind = {"type": click.Choice(option.choices)}
    elif isinstance(default, bool):
        kind = {"is_flag": True}
    elif option.names or isinstance(default, tuple):
        many = isinstance(default, tuple)
        kind = {"callback": functools.partial(_parse, option.names, many)}
        default = default or ""
    elif isinstance(default, int):
        kind = {"type": int}
    return click.Option(
        [option.flag or f"--{option.name.replace('_', '-')}", prefix + option.name],
        default=default,
        show_default=option.show_default,
        help=option.help,
        metavar=option.metavar,
        **kind,
    )


def _parse(
    names: Mapping[str, Any], many: bool, ctx: click.Context, param: click.Parameter, text: str
) -> Any:
    """Reads a list, a number or one of the names of values."""
    if text in names:
        return names[text]
    if many:
        return _split(text)
    if not text.isdecimal() or not text.isascii():
        raise click.BadParameter(f"{', '.join(names)} or a number of pixels")
    return int(text)


def _run(
    source: Source,
    *,
    output: str,
    overwrite: bool,
    workers: int,
    beam_args: tuple[str, ...],
    splits: str,
    inputs: tuple[str, ...] = (),
    **values: Any,
) -> None:
    """Prepares what the options of a command say, generated files first."""
    if isinstance(source, GeneratedSource):
        if "://" in output:
            allowed = "a local directory for sample data"
            raise InputError(f"output: got {output!r}, allowed: {allowed}")
        named = [name for name in values if name.startswith(_SAMPLE)]
        sample = SampleConfig(**{n.removeprefix(_SAMPLE): values.pop(n) for n in named})
        folder = str(generated_folder(source, sample, Path(output) / "raw"))
        inputs = (source.generated_input(folder),)
        values |= source.generated_lists(folder)
    values = source.config_values(values)
    if beam_args and not beam_args[0].startswith("-"):  # a glob that the shell has expanded
        raise InputError(
            f"argument {beam_args[0]!r}: got it without an option; quote globs, "
            "repeat --input for each, and put options of Beam after --"
        )
    try:
        shares = tuple(float(share) for share in splits.split(","))
    except ValueError:
        shares = ()
    if len(shares) != 3:
        raise InputError(f"splits: got {splits!r}, allowed: three shares, like 0.8,0.1,0.1")
    config = PrepConfig(source=source.name, splits=shares, **values).with_absolute_lists()
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


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if text else ()


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
    for warning in manifest.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{output}: {len(manifest.shards)} shards, complete ({seconds:.1f} s)")
