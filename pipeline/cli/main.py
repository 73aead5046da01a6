"""The `latentforge` command. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.compile import compile_command
from pipeline.cli.generate import VERBS
from pipeline.cli.prep import prep
from pipeline.cli.presets import presets
from pipeline.cli.run import run
from pipeline.doctor.command import doctor
from pipeline.exit_status import Commands

VERSION = "0.1.0"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="latentforge")
def main() -> None:
    """Raw drawings in, a blessed and pushed image decoder out."""


for verb in (prep, run, compile_command, presets, doctor, *VERBS):
    main.add_command(verb)


@main.command()
@click.argument("directory")
@click.option(
    "--output", type=click.Path(path_type=Path), default=".", help="Folder of the pictures."
)
def inspect(directory: str, output: Path) -> None:
    """Show what a prepared data set holds: tables, and a contact sheet for each split."""
    from pipeline.cli.inspect import inspect as show

    for path in show(directory, output):
        click.echo(path)
