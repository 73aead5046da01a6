"""The commands behind the scripts in kubeflow/: submit, schedule, roll back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from data_prep.errors import InputError
from pipeline.cluster.compiled_spec import check_values, definitions, parse_values
from pipeline.cluster.schedule import Schedule
from pipeline.cluster.submit.cost import Prices, estimate, table
from pipeline.cluster.targets.base import Documents, Target
from pipeline.cluster.targets.registry import TARGETS
from pipeline.config.pipeline import parse_file
from pipeline.exit_status import ExitStatus

FOLDER = Path(__file__).resolve().parents[3] / "kubeflow"
_PATH = click.Path(path_type=Path)
_dry_run = click.option("--dry-run", is_flag=True, help="Print what would be sent; send nothing.")
_prices = click.option(
    "--prices", type=_PATH, default=FOLDER / "prices.yaml",
    help="The table of prices behind the estimate.",
)  # fmt: skip
_pipeline = click.argument("pipeline", type=_PATH, metavar="PIPELINE")


def _options_of_targets(command: Callable[..., None]) -> Callable[..., None]:
    for target in reversed(TARGETS.values()):
        for option in reversed(target.options):
            command = option(command)
    return command


@click.command(cls=ExitStatus)
@_pipeline
@_options_of_targets
@click.option("--service-account", default="", help="The account that the run acts under.")
@click.option(
    "--param", "values", multiple=True, metavar="NAME=VALUE",
    help="The value of a runtime parameter; repeatable.",
)  # fmt: skip
@_prices
@_dry_run
def submit(
    pipeline: Path, values: tuple[str, ...], prices: Path, dry_run: bool, **places: str
) -> None:
    """Run a compiled pipeline once: PIPELINE is a pipeline.json for Vertex AI (--project), a
    pipeline.yaml for Kubeflow Pipelines (--host)."""
    target = _target(places)
    fields = dataclasses.fields(target.destination)  # type: ignore[arg-type]
    where = target.destination(**{field.name: places[field.name] for field in fields})  # type: ignore[misc]
    documents = target.read(pipeline)
    parameters = parse_values(definitions(target.spec(documents)), values)
    request = target.run_request(documents, where, parameters)
    _send(target, request, where, documents, prices, dry_run)


def _target(places: dict[str, str]) -> Target:
    """Returns the target whose key was given a value on the command line."""
    keys = {target.key: target for target in TARGETS.values() if target.key}
    chosen = [target for key, target in keys.items() if places[key]]
    if len(chosen) != 1:
        both, two = ("both", "two") if len(keys) == 2 else ("several", "these")
        raise InputError(
            f"{', '.join(f'--{key}' for key in keys)}: got {both} or none of them, "
            f"allowed: one of the {two}"
        )
    return chosen[0]


@click.command(cls=ExitStatus)
@_pipeline
@click.option(
    "--schedule", "path", type=_PATH, default=FOLDER / "schedule.yaml",
    help="The file that says when the pipeline runs, and where it is sent.",
)  # fmt: skip
@_prices
@_dry_run
def schedule(pipeline: Path, path: Path, prices: Path, dry_run: bool) -> None:
    """Run a compiled pipeline by a cron line: PIPELINE is a pipeline.json for Vertex AI, a
    pipeline.yaml for Kubeflow Pipelines."""
    planned = read_schedule(path)
    targets = {target.suffix: target for target in TARGETS.values() if target.destination}
    target = targets.get(pipeline.suffix) or next(iter(targets.values()))
    where = getattr(planned, target.name)
    if where is None:
        raise InputError(f"{path}: {target.name}: required for {pipeline}, but not given")
    documents = target.read(pipeline)
    check_values(definitions(target.spec(documents)), planned.parameters)
    request = target.schedule_request(documents, where, planned)
    _send(target, request, where, documents, prices, dry_run)


def read_schedule(path: Path) -> Any:
    """Reads schedule.yaml: a `Schedule` with a field for each target, None where it has no
    section."""
    places = {target.name: target.destination for target in TARGETS.values()}
    sections = [(name, place | None, None) for name, place in places.items() if place]
    cls = dataclasses.make_dataclass(
        "ScheduleFile", sections, bases=(Schedule,), frozen=True, kw_only=True
    )
    return parse_file(cls, path)


def _send(
    target: Target, request: Any, where: Any, documents: Documents, prices: Path, dry_run: bool
) -> None:
    shown = target.describe(request, where) if dry_run else f"created {target.send(request, where)}"
    click.echo(shown)
    if target.priced:
        price_list = parse_file(Prices, prices)
        click.echo(table(estimate(target.spec(documents), price_list), price_list))


@click.command(cls=ExitStatus)
@click.argument("push_destination")
@click.option(
    "--to", "version", type=int, help="The version to serve; by default the newest that differs."
)
@_dry_run
def roll_back(push_destination: str, version: int | None, dry_run: bool) -> None:
    """Serve a decoder again that was pushed to PUSH_DESTINATION before."""
    from pipeline.logs import quiet_libraries

    with quiet_libraries():
        from pipeline.cluster.submit import rollback

        chosen = rollback.choose(push_destination, version)
        new = None if dry_run else rollback.roll_back(push_destination, chosen)
    if new is None:
        click.echo(f"would copy {push_destination}/{chosen} to a new version")
    else:
        click.echo(f"serving {push_destination}/{new}, a copy of {chosen}")
