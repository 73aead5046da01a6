"""The verb `doctor`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from pipeline.doctor.environment import BAD, Finding
from pipeline.local.summary import RUNS, newest_root
from pipeline.logs import quiet_libraries


@click.command()
@click.option(
    "--root", type=click.Path(path_type=Path), help="A run's root. Default: the newest in runs/."
)
@click.option(
    "--data", type=click.Path(path_type=Path), metavar="DIR",
    help="A prepared data set to check, too.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
@click.pass_context
def doctor(ctx: click.Context, root: Path | None, data: Path | None, as_json: bool) -> None:
    """Check this machine, a run and prepared data. Status 2 if something will fail."""
    with quiet_libraries():
        findings = list(_findings(root or newest_root() or RUNS, data))
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{finding.state:<5} {finding.what}")
            if finding.remedy:
                click.echo(f"      → {finding.remedy}")
    ctx.exit(2 if any(finding.state == BAD for finding in findings) else 0)


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
