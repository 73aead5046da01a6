"""LocalDagRunner that reports each node as it starts and ends."""

from __future__ import annotations

import datetime
import time
from typing import Protocol

from tfx.dsl.compiler import constants
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.portable import runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from pipeline.local.metadata import NodeResult, RunMetadata


class Listener(Protocol):
    """Is told what happens, in the order of the DAG."""

    def plan(self, nodes: list[str]) -> None: ...
    def start(self, node: str) -> None: ...
    def end(self, node: str, result: NodeResult) -> None: ...


class NodeFailedError(Exception):
    """A node failed; its exception is the cause."""

    def __init__(self, node: str) -> None:
        super().__init__(f"node {node} failed")
        self.node = node


class ReportingRunner(LocalDagRunner):
    """Runs the nodes one by one, each through LocalDagRunner, and tells a listener."""

    def __init__(self, metadata: RunMetadata, listener: Listener) -> None:
        super().__init__()
        self._metadata = metadata
        self._listener = listener

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
        self._listener.plan([node.pipeline_node.node_info.id for node in nodes])
        for node in nodes:
            name = node.pipeline_node.node_info.id
            alone = pipeline_pb2.Pipeline()
            alone.CopyFrom(pipeline)
            del alone.nodes[:]
            alone.nodes.append(node)
            self._run_node(name, alone, run_id, run_options)

    def _run_node(
        self,
        name: str,
        pipeline: pipeline_pb2.Pipeline,
        run_id: str,
        run_options: pipeline_pb2.RunOptions | None,
    ) -> None:
        self._listener.start(name)
        started = time.monotonic()
        try:
            super().run_with_ir(pipeline, run_options)
        except BaseException as error:
            seconds = time.monotonic() - started
            self._listener.end(name, NodeResult(state="failed", seconds=seconds))
            if isinstance(error, Exception):
                raise NodeFailedError(name) from error
            raise
        seconds = time.monotonic() - started
        result = self._metadata.node_result(run_id, name, seconds)
        self._listener.end(name, result)
        if result.state == "failed":  # the launcher records some failures without raising
            cause = RuntimeError(result.error or "its inputs could not be resolved")
            raise NodeFailedError(name) from cause
