"""The `latentforge` command. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pipeline.cli.compile import compile_command
from pipeline.cli.generate import VERBS
from pipeline.cli.prep import prep
from pipeline.config.pipeline import load_config, preset_names
from pipeline.doctor.command import doctor
from pipeline.exit_status import Commands
from trainer.models.beta import implied_sigma

VERSION = "0.1.0"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="latentforge")
def main() -> None:
    """Raw drawings in, a blessed and pushed image decoder out."""


main.add_command(prep)
main.add_command(doctor)
main.add_command(compile_command)
for verb in VERBS:
    main.add_command(verb)


@main.command()
@click.argument("config")
@click.option("--root", type=click.Path(path_type=Path), help="Default: runs/<name>.")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY.SUB=VALUE",
    help="Override a value of the config; repeatable.",
)
@click.pass_context
def run(ctx: click.Context, config: str, root: Path | None, overrides: tuple[str, ...]) -> None:
    """Run the whole DAG here. CONFIG is a preset's name or a YAML file."""
    from pipeline.local.session import run_session

    loaded = load_config(config, overrides)
    ctx.exit(run_session(loaded, root or Path("runs") / loaded.name))


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


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Parameters and effective beta, too.")
def presets(as_json: bool) -> None:
    """List the presets, with the effective beta and the pixel sigma it implies."""
    configs = [load_config(name) for name in preset_names()]
    if not as_json:
        width = max(len(config.name) for config in configs)
        click.echo(f"{'preset'.ljust(width)}  {'beta':>6}  {'sigma':>6}")
        for config in configs:
            beta = config.model.beta if config.model.has_prior else None
            numbers = "  ".join(
                f"{'-' if number is None else format(number, '.4g'):>6}"
                for number in (beta, implied_sigma(config.model))
            )
            click.echo(f"{config.name.ljust(width)}  {numbers}  {config.description}")
        return
    from pipeline.cli.presets import preset_facts

    click.echo(json.dumps({config.name: preset_facts(config) for config in configs}, indent=2))
