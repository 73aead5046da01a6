"""The verb `run`: streams, log file, summary and exit status around the DAG."""

from __future__ import annotations

import datetime
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data_prep.errors import InputError
from pipeline.config.pipeline import PipelineConfig, load_config
from pipeline.exit_status import causes, input_error, one_line
from pipeline.local.summary import RUNS, Summary
from pipeline.logs import logging_to, output_to_log

if TYPE_CHECKING:
    from pipeline.local.console import RunConsole

INTERRUPTED = 130  # as shells report SIGINT


@click.command()
@click.argument("config")
@click.option(
    "--root", type=click.Path(path_type=Path),
    help="Where the run leaves everything. Default: runs/<name>.",
)  # fmt: skip
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY.SUB=VALUE",
    help="Override a value of the config; repeatable.",
)  # fmt: skip
@click.pass_context
def run(ctx: click.Context, config: str, root: Path | None, overrides: tuple[str, ...]) -> None:
    """Run the whole DAG here. CONFIG is a preset's name or a YAML file."""
    loaded = load_config(config, overrides)
    ctx.exit(run_with_progress(loaded, root or RUNS / loaded.name))


def run_with_progress(config: PipelineConfig, root: Path) -> int:
    """Runs the DAG with live progress, and returns the exit status."""
    from pipeline.local.console import RunConsole

    if root.exists() and not root.is_dir():
        raise InputError(f"--root: {root} is not a directory")
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    log = root / "logs" / f"{stamp}-{os.getpid()}.log"
    summary = Summary(name=config.name, log=str(log))
    try:
        with output_to_log(log) as terminal:
            console = RunConsole(terminal)
            try:
                _run(config, root, log, console, summary)
                summary.state = "done"
            except BaseException:
                traceback.print_exc()  # into the log
                raise
            finally:
                console.quiet()
    except KeyboardInterrupt:
        summary.state, summary.error = "interrupted", "interrupted"
        click.echo("interrupted; the same command goes on from the last finished epoch", err=True)
        return INTERRUPTED
    except Exception as error:
        node = next((cause for cause in causes(error) if hasattr(cause, "node")), None)
        # what failed inside a node, rather than that the node failed
        summary.state, summary.error = "failed", one_line((node and node.__cause__) or error)
        where = f"{node.node}: " if node is not None else ""
        click.echo(f"error: {where}{summary.error}\nlog: {log}", err=True)
        return 2 if input_error(error) else 1
    finally:
        content = summary.write(root)
    _print_result(content)
    return 0


def _run(
    config: PipelineConfig, root: Path, log: Path, console: RunConsole, summary: Summary
) -> None:
    console.line(f"latentforge run {config.name} → {root}", "bold")
    console.doing("starting TensorFlow and TFX")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    from pipeline.local.run import run_local

    with logging_to(log, on_warning=console.warning, on_progress=console.training):
        run_local(config, root, console, summary)


def _print_result(summary: dict[str, Any]) -> None:
    """Prints the last lines of a run: the verdict, and where to look."""
    artifacts, blessing = summary["artifacts"], summary["blessing"]
    click.echo(f"\n{'blessed' if blessing['blessed'] else 'not blessed'}:")
    for reason in blessing["reasons"]:
        click.echo(f"  {reason}")
    if "trials" in artifacts:
        click.echo(f"\ntrials          {_path(artifacts['trials'], 'trials.csv')}")
        click.echo(f"Pareto plot     {_path(artifacts['trials'], 'pareto.png')}")
    click.echo(f"\nreport          {_path(artifacts['evaluation'], 'report.html')}")
    click.echo(f"contact sheet   {_path(artifacts['evaluation'], 'contact_sheet.png')}")
    click.echo(f"metrics         {_path(artifacts['evaluation'], 'metrics.json')}")
    pushed = artifacts.get("pushed_model")
    click.echo(f"pushed decoder  {_path(pushed) if pushed else 'none: the model is not blessed'}")
    sys.stdout.flush()


def _path(*parts: str) -> str:
    """Returns the joined path, relative where it lies below the working directory."""
    path = os.path.join(*parts)
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
