"""The DAG on this machine: LocalDagRunner, SQLite metadata, Beam in process."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd
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
from pipeline.local.summary import METADATA, NodeResult, Summary
from pipeline.pipeline import create_pipeline

_RESOLVER = "tfx.dsl.components.common.resolver.Resolver"
_STATES = {
    mlmd.Execution.COMPLETE: "done",
    mlmd.Execution.CACHED: "cached",
    mlmd.Execution.FAILED: "failed",
    mlmd.Execution.CANCELED: "failed",
}


def run_local(config: PipelineConfig, root: Path, console: RunConsole, summary: Summary) -> None:
    """Runs the DAG, and fills `summary` as nodes end. InputError before the first node, where the
    input cannot be right; NodeFailedError at the first node that fails."""
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
        workers = config.data.worker_processes()
        with running_locally(LocalExecution(workers=workers, on_progress=console.preparation)):
            ReportingRunner(metadata, console, summary).run(dag)


class NodeFailedError(Exception):
    """A node failed; its exception is the cause."""

    def __init__(self, node: str) -> None:
        super().__init__(f"node {node} failed")
        self.node = node


class ReportingRunner(LocalDagRunner):
    """Runs the nodes one by one, each through LocalDagRunner, and reports on them.

    metadata: the path of the SQLite store that the DAG writes.
    """

    def __init__(self, metadata: str, console: RunConsole, summary: Summary) -> None:
        super().__init__()
        self._metadata, self._console, self._summary = metadata, console, summary

    def run_with_ir(
        self, pipeline: pipeline_pb2.Pipeline, run_options: pipeline_pb2.RunOptions | None = None
    ) -> None:
        """Raises NodeFailedError at the first node that fails."""
        run_id = datetime.datetime.now().isoformat()
        # All nodes belong to one run: the parent would draw an id for each.
        runtime_parameter_utils.substitute_runtime_parameter(
            pipeline, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
        )
        nodes = list(pipeline.nodes)
        self._console.plan([node.pipeline_node.node_info.id for node in nodes])
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
        self._console.start(name)
        started = time.monotonic()
        try:
            super().run_with_ir(pipeline, run_options)
        except BaseException as error:
            self._end(name, NodeResult(state="failed", seconds=time.monotonic() - started))
            if isinstance(error, Exception):
                raise NodeFailedError(name) from error
            raise
        result = node_result(self._metadata, run_id, name, time.monotonic() - started)
        self._end(name, result)
        if result.state == "failed":  # the launcher records some failures without raising
            cause = RuntimeError(result.error or "its inputs could not be resolved")
            raise NodeFailedError(name) from cause

    def _end(self, name: str, result: NodeResult) -> None:
        self._summary.nodes[name] = result
        self._console.end(name, result)


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


def node_result(path: str, run_id: str, node: str, seconds: float) -> NodeResult:
    """Returns the result of a node's execution in a run, from the SQLite store at `path`, which
    the run fills meanwhile."""
    skipped = NodeResult(state="skipped", seconds=seconds)
    if not os.path.exists(path):
        return skipped
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = path
    config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READONLY
    store = metadata_store.MetadataStore(config)
    run = store.get_context_by_type_and_name("pipeline_run", run_id)
    executions = [
        execution
        for execution in (store.get_executions_by_context(run.id) if run else ())
        if any(
            context.type == "node" and context.name.endswith(f".{node}")
            for context in store.get_contexts_by_execution(execution.id)
        )
    ]
    if not executions:
        return skipped
    execution = max(executions, key=lambda execution: execution.id)
    state = _STATES.get(execution.last_known_state, "failed")
    if state == "cached" and execution.type == _RESOLVER:
        state = "done"
    error = execution.custom_properties["__execution_result__"].string_value
    result = NodeResult(state=state, seconds=seconds, error=error)
    events = store.get_events_by_execution_ids([execution.id])
    names = {e.artifact_id: e.path.steps[0].key for e in events if e.type == mlmd.Event.OUTPUT}
    for artifact in store.get_artifacts_by_id(list(names)):
        name = names[artifact.id]
        result.outputs[name] = artifact.uri
        result.properties[name] = {
            key: value.int_value if value.HasField("int_value") else value.string_value
            for key, value in artifact.custom_properties.items()
        }
    return result
