"""What the scripts in kubeflow/ do: submit, schedule, roll back."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from data_prep.errors import InputError
from pipeline.cluster.submit import clients, compiled_spec, kubeflow, vertex
from pipeline.cluster.submit.cost import estimate, read_prices, table
from pipeline.cluster.submit.parameter_values import check_values, parse_values
from pipeline.cluster.submit.schedule import KubeflowTarget, Schedule, VertexTarget, read_schedule
from pipeline.exit_status import ExitStatus

FOLDER = Path(__file__).resolve().parents[3] / "kubeflow"
_PATH = click.Path(path_type=Path)
_dry_run = click.option("--dry-run", is_flag=True, help="Print what would be sent; send nothing.")
_prices = click.option(
    "--prices", type=_PATH, default=FOLDER / "prices.yaml", help="The table behind the estimate."
)
_pipeline = click.argument("pipeline", type=_PATH, metavar="PIPELINE")


@click.command(cls=ExitStatus)
@_pipeline
@click.option("--project", default="", help="Of Google Cloud: runs on Vertex AI.")
@click.option("--region", default="us-central1", show_default=True)
@click.option("--service-account", default="", help="Under which the run acts.")
@click.option("--host", default="", metavar="URL", help="Of Kubeflow Pipelines: runs there.")
@click.option("--experiment", default="", help="The id of an experiment there.")
@click.option("--param", "given", multiple=True, metavar="NAME=VALUE", help="Repeatable.")
@_prices
@_dry_run
def submit(
    pipeline: Path,
    project: str,
    region: str,
    service_account: str,
    host: str,
    experiment: str,
    given: tuple[str, ...],
    prices: Path,
    dry_run: bool,
) -> None:
    """Run a compiled pipeline once: PIPELINE is a pipeline.json for Vertex AI (--project), a
    pipeline.yaml for Kubeflow Pipelines (--host)."""
    if bool(project) == bool(host):
        raise InputError("--project, --host: got both or none of them, allowed: one of the two")
    if project:
        target = VertexTarget(project=project, region=region, service_account=service_account)
        job = compiled_spec.read_job(pipeline)
        values = parse_values(compiled_spec.definitions(job["pipelineSpec"]), given)
        request: Any = vertex.run_request(job, target, values)
        _vertex(request, target, dry_run)
        click.echo(table(estimate(job["pipelineSpec"], table_ := read_prices(prices)), table_))
        return
    cluster = KubeflowTarget(host=host, experiment=experiment, service_account=service_account)
    documents = compiled_spec.read_documents(pipeline)
    values = parse_values(compiled_spec.definitions(documents[0]), given)
    moment = datetime.datetime.now(datetime.UTC)
    name = f"{documents[0]['pipelineInfo']['name']}-{moment:%Y%m%d-%H%M%S}"
    _kubeflow(kubeflow.run_request(documents, cluster, values, name), cluster, dry_run)


@click.command(cls=ExitStatus)
@_pipeline
@click.option(
    "--schedule", "path", type=_PATH, default=FOLDER / "schedule.yaml", help="When and where."
)
@_prices
@_dry_run
def schedule(pipeline: Path, path: Path, prices: Path, dry_run: bool) -> None:
    """Run a compiled pipeline by a cron line: PIPELINE is a pipeline.json for Vertex AI, a
    pipeline.yaml for Kubeflow Pipelines."""
    wanted = read_schedule(path)
    if pipeline.suffix == ".yaml":
        _schedule_kubeflow(pipeline, wanted, path, dry_run)
        return
    if wanted.vertex is None:
        raise InputError(f"{path}: vertex: required for {pipeline}, but not given")
    job = compiled_spec.read_job(pipeline)
    check_values(compiled_spec.definitions(job["pipelineSpec"]), wanted.parameters)
    request = vertex.schedule_request(job, wanted.vertex, wanted)
    _vertex(request, wanted.vertex, dry_run)
    click.echo(table(estimate(job["pipelineSpec"], table_ := read_prices(prices)), table_))


def _schedule_kubeflow(pipeline: Path, wanted: Schedule, path: Path, dry_run: bool) -> None:
    if wanted.kubeflow is None:
        raise InputError(f"{path}: kubeflow: required for {pipeline}, but not given")
    documents = compiled_spec.read_documents(pipeline)
    check_values(compiled_spec.definitions(documents[0]), wanted.parameters)
    request = kubeflow.schedule_request(documents, wanted.kubeflow, wanted)
    _kubeflow(request, wanted.kubeflow, dry_run)


@click.command(cls=ExitStatus)
@click.argument("push_destination")
@click.option("--to", "version", type=int, help="Default: the newest that differs.")
@_dry_run
def roll_back(push_destination: str, version: int | None, dry_run: bool) -> None:
    """Serve a decoder again that was pushed to PUSH_DESTINATION before."""
    from pipeline.logs import quiet_libraries

    with quiet_libraries():
        from pipeline.cluster.submit import rollback

        chosen = rollback.choose(push_destination, version)
        made = None if dry_run else rollback.roll_back(push_destination, chosen)
    if made is None:
        click.echo(f"would copy {push_destination}/{chosen} to a new version")
    else:
        click.echo(f"serving {push_destination}/{made}, a copy of {chosen}")


def _vertex(request: Any, target: VertexTarget, dry_run: bool) -> None:
    words = vertex.shown(request, target)
    _send(words, lambda: clients.send_to_vertex(request, target.region), dry_run)


def _kubeflow(request: Any, target: KubeflowTarget, dry_run: bool) -> None:
    words = kubeflow.shown(request, target)
    _send(words, lambda: clients.send_to_kubeflow(request, target.host), dry_run)


def _send(words: str, send: Callable[[], str], dry_run: bool) -> None:
    click.echo(words if dry_run else f"created {send()}")
