"""The DAG on this machine: LocalDagRunner, SQLite metadata, Beam in process."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from tfx import v1 as tfx

from components.example_preparation.local_execution import LocalExecution, running_locally
from data_prep.errors import InputError
from pipeline.config.pipeline import PipelineConfig
from pipeline.dag.example_nodes import IN_PROCESS
from pipeline.dag.raw_inputs import raw_inputs
from pipeline.local.console import RunConsole
from pipeline.local.metadata import NodeResult, RunMetadata
from pipeline.local.runner import ReportingRunner
from pipeline.local.summary import Summary
from pipeline.pipeline import create_pipeline


def run_local(config: PipelineConfig, root: Path, screen: RunConsole, summary: Summary) -> None:
    """Runs the DAG, filling `summary` as nodes end.

    Raises:
      InputError: before the first node, where the input cannot be right.
      pipeline.local.runner.NodeFailedError: at the first node that fails.
    """
    root = root.absolute()
    with _only_run(root):
        screen.doing("looking at the input")
        inputs, options = raw_inputs(config.data, root)
        metadata = root / "metadata.sqlite"
        dag = create_pipeline(
            config,
            root=str(root),
            inputs=inputs,
            options=options,
            # Workers of TFX's own nodes would miss the stub that lets data validation load.
            beam_args=IN_PROCESS,
            metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
                str(metadata)
            ),
        )
        local = LocalExecution(
            workers=config.data.worker_processes(), on_progress=screen.preparation
        )
        with running_locally(local):
            ReportingRunner(RunMetadata(str(metadata)), _Both(screen, summary)).run(dag)


class _Both:
    """Shows what happens, and remembers it."""

    def __init__(self, screen: RunConsole, summary: Summary) -> None:
        self._screen = screen
        self._summary = summary

    def plan(self, nodes: list[str]) -> None:
        self._screen.plan(nodes)

    def start(self, node: str) -> None:
        self._screen.start(node)

    def end(self, node: str, result: NodeResult) -> None:
        self._summary.nodes[node] = result
        self._screen.end(node, result)


@contextlib.contextmanager
def _only_run(root: Path) -> Iterator[None]:
    """Two runs in one root would spoil each other's metadata."""
    root.mkdir(parents=True, exist_ok=True)
    with open(root / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"--root: another run is using {root}") from None
        yield
