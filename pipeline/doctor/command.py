"""The verb `doctor`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from pipeline.doctor.finding import BAD, Finding
from pipeline.logs import quiet_libraries


@click.command()
@click.option(
    "--root", type=click.Path(path_type=Path), help="Of a run. Default: the newest in runs/."
)
@click.option(
    "--data", type=click.Path(path_type=Path), metavar="DIR", help="A prepared data set, as well."
)
@click.option("--json", "as_json", is_flag=True, help="One object a finding.")
@click.pass_context
def doctor(ctx: click.Context, root: Path | None, data: Path | None, as_json: bool) -> None:
    """Look for what would go wrong here. Status 2 if something will."""
    with quiet_libraries():
        found = list(_findings(root or _newest_root(), data))
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in found], indent=2))
    else:
        for finding in found:
            click.echo(f"{finding.state:<5} {finding.what}")
            if finding.remedy:
                click.echo(f"      → {finding.remedy}")
    ctx.exit(2 if any(finding.state == BAD for finding in found) else 0)


def _findings(root: Path, data: Path | None) -> Iterator[Finding]:
    from pipeline.doctor import environment, state

    checks: list[Callable[[], Finding | Iterable[Finding]]] = [
        environment.python,
        environment.packages,
        environment.devices,
        lambda: environment.disk(root),
        environment.java,
        environment.credentials,
        lambda: state.database(root),
        lambda: state.last_run(root),
    ]
    if data is not None:
        checks.append(lambda: state.data_set(data))
    for check in checks:
        answer = check()
        yield from [answer] if isinstance(answer, Finding) else answer


def _newest_root() -> Path:
    """The root whose summary is the newest, or where the first would be."""
    from pipeline.generate.finished_run import RUNS
    from pipeline.local.summary import FILE

    summaries = sorted(RUNS.glob(f"*/{FILE}"), key=lambda path: path.stat().st_mtime)
    return summaries[-1].parent if summaries else RUNS
