"""One `latentforge run`: streams, log file, summary and exit status around the DAG."""

from __future__ import annotations

import datetime
import os
import sys
import traceback
from pathlib import Path

import click

from data_prep.errors import InputError
from pipeline.config.pipeline import PipelineConfig
from pipeline.exit_status import causes, input_error, one_line
from pipeline.local.console import RunConsole
from pipeline.local.summary import Summary
from pipeline.logs import logging_to, output_to_log

INTERRUPTED = 130  # as shells report SIGINT


def run_session(config: PipelineConfig, root: Path) -> int:
    """Runs the DAG with live progress, and returns the exit status."""
    if root.exists() and not root.is_dir():
        raise InputError(f"--root: {root} is not a directory")
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    log = root / "logs" / f"{stamp}-{os.getpid()}.log"
    summary = Summary(name=config.name, log=str(log))
    try:
        with output_to_log(log) as terminal:
            screen = RunConsole(terminal)
            try:
                _run(config, root, log, screen, summary)
                summary.state = "done"
            except BaseException:
                traceback.print_exc()  # into the log
                raise
            finally:
                screen.quiet()
    except KeyboardInterrupt:
        summary.state, summary.error = "interrupted", "interrupted"
        click.echo("interrupted; the same command goes on from the last finished epoch", err=True)
        return INTERRUPTED
    except Exception as error:
        summary.state, summary.error = "failed", one_line(_cause(error))
        where = f"{_node(error)}: " if _node(error) else ""
        click.echo(f"error: {where}{summary.error}\nlog: {log}", err=True)
        return 2 if input_error(error) else 1
    finally:
        content = summary.write(root)
    _report(content)
    return 0


def _run(
    config: PipelineConfig, root: Path, log: Path, screen: RunConsole, summary: Summary
) -> None:
    screen.line(f"latentforge run {config.name} → {root}", "bold")
    screen.doing("starting TensorFlow and TFX")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    from pipeline.local.run import run_local

    with logging_to(log, on_warning=screen.warning, on_progress=screen.training):
        run_local(config, root, screen, summary)


def _cause(error: BaseException) -> BaseException:
    """What failed inside a node, rather than that the node failed."""
    inner = error.__cause__
    return inner if hasattr(error, "node") and inner is not None else error


def _node(error: BaseException) -> str:
    return next((str(e.node) for e in causes(error) if hasattr(e, "node")), "")


def _report(summary: dict) -> None:
    """The last lines of a run: the verdict, and where to look."""
    artifacts, blessing = summary["artifacts"], summary["blessing"]
    click.echo(f"\n{'blessed' if blessing['blessed'] else 'not blessed'}:")
    for reason in blessing["reasons"]:
        click.echo(f"  {reason}")
    if "trials" in artifacts:
        click.echo(f"\ntrials          {_shown(artifacts['trials'], 'trials.csv')}")
        click.echo(f"Pareto plot     {_shown(artifacts['trials'], 'pareto.png')}")
    click.echo(f"\nreport          {_shown(artifacts['evaluation'], 'report.html')}")
    click.echo(f"contact sheet   {_shown(artifacts['evaluation'], 'contact_sheet.png')}")
    click.echo(f"metrics         {_shown(artifacts['evaluation'], 'metrics.json')}")
    pushed = artifacts.get("pushed_model")
    click.echo(f"pushed decoder  {_shown(pushed) if pushed else 'none: the model is not blessed'}")
    sys.stdout.flush()


def _shown(*parts: str) -> str:
    """Relative where it lies below the working directory."""
    path = os.path.join(*parts)
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
