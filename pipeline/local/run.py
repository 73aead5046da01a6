"""The DAG on this machine: LocalDagRunner, SQLite metadata, Beam in process."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from tfx.dsl.compiler import constants
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.orchestration.portable import runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from components.example_preparation.local_execution import LocalExecution, running_locally
from data_prep.errors import InputError
from pipeline.config.pipeline import PipelineConfig
from pipeline.dag.example_nodes import IN_PROCESS
from pipeline.dag.raw_inputs import raw_inputs
from pipeline.local.console import RunConsole
from pipeline.local.metadata import NodeResult, RunMetadata
from pipeline.local.root import METADATA
from pipeline.local.summary import Summary
from pipeline.pipeline import create_pipeline


def run_local(config: PipelineConfig, root: Path, console: RunConsole, summary: Summary) -> None:
    """Runs the DAG, and fills `summary` as nodes end.

    Raises:
      InputError: before the first node, where the input cannot be right.
      NodeFailedError: at the first node that fails.
    """
    root = root.absolute()
    with _locked(root):
        console.doing("looking at the input")
        inputs, prep_config = raw_inputs(config.data, root)
        metadata = str(root / METADATA)
        dag = create_pipeline(
            config,
            root=str(root),
            inputs=inputs,
            prep_config=prep_config,
            # Workers of TFX's own nodes would miss the stub that lets data validation load.
            beam_args=IN_PROCESS,
            metadata_connection_config=sqlite_metadata_connection_config(metadata),
        )
        local = LocalExecution(
            workers=config.data.worker_processes(), on_progress=console.preparation
        )
        with running_locally(local):
            ReportingRunner(RunMetadata(metadata), console, summary).run(dag)


class Listener(Protocol):
    """An observer of the nodes, in the order of the DAG."""

    def plan(self, nodes: list[str]) -> None: ...
    def start(self, node: str) -> None: ...
    def end(self, node: str, result: NodeResult) -> None: ...


class NodeFailedError(Exception):
    """A node failed; its exception is the cause."""

    def __init__(self, node: str) -> None:
        super().__init__(f"node {node} failed")
        self.node = node


class ReportingRunner(LocalDagRunner):
    """Runs the nodes one by one, each through LocalDagRunner, and reports to its listeners."""

    def __init__(self, metadata: RunMetadata, *listeners: Listener) -> None:
        super().__init__()
        self._metadata = metadata
        self._listeners = listeners

    def run_with_ir(
        self,
        pipeline: pipeline_pb2.Pipeline,
        run_options: pipeline_pb2.RunOptions | None = None,
    ) -> None:
        """Raises NodeFailedError at the first node that fails."""
        run_id = datetime.datetime.now().isoformat()
        # All nodes belong to one run: the parent would draw an id for each.
        runtime_parameter_utils.substitute_runtime_parameter(
            pipeline, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
        )
        nodes = list(pipeline.nodes)
        for listener in self._listeners:
            listener.plan([node.pipeline_node.node_info.id for node in nodes])
        for node in nodes:
            alone = pipeline_pb2.Pipeline()
            alone.CopyFrom(pipeline)
            del alone.nodes[:]
            alone.nodes.append(node)
            self._run_node(node.pipeline_node.node_info.id, alone, run_id, run_options)

    def _run_node(
        self,
        name: str,
        pipeline: pipeline_pb2.Pipeline,
        run_id: str,
        run_options: pipeline_pb2.RunOptions | None,
    ) -> None:
        for listener in self._listeners:
            listener.start(name)
        started = time.monotonic()
        try:
            super().run_with_ir(pipeline, run_options)
        except BaseException as error:
            self._end(name, NodeResult(state="failed", seconds=time.monotonic() - started))
            if isinstance(error, Exception):
                raise NodeFailedError(name) from error
            raise
        result = self._metadata.node_result(run_id, name, time.monotonic() - started)
        self._end(name, result)
        if result.state == "failed":  # the launcher records some failures without raising
            cause = RuntimeError(result.error or "its inputs could not be resolved")
            raise NodeFailedError(name) from cause

    def _end(self, name: str, result: NodeResult) -> None:
        for listener in self._listeners:
            listener.end(name, result)


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Keeps other runs out of the root: two would spoil each other's metadata."""
    root.mkdir(parents=True, exist_ok=True)
    with open(root / ".lock", "w") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise InputError(f"--root: another run is using {root}") from None
        yield
