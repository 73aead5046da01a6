"""The results of nodes, read from the metadata store of a run."""

from __future__ import annotations

import dataclasses
import os

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

_RUN_CONTEXT = "pipeline_run"
_RESOLVER = "tfx.dsl.components.common.resolver.Resolver"
_STATES = {
    mlmd.Execution.COMPLETE: "done",
    mlmd.Execution.CACHED: "cached",
    mlmd.Execution.FAILED: "failed",
    mlmd.Execution.CANCELED: "failed",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeResult:
    """The result of a node.

    state: done, cached, failed or skipped. A resolver is never cached.
    outputs: URIs of its output artifacts by name.
    properties: custom properties of those artifacts.
    """

    state: str
    seconds: float
    error: str = ""
    outputs: dict[str, str] = dataclasses.field(default_factory=dict)
    properties: dict[str, dict[str, str | int]] = dataclasses.field(default_factory=dict)

    @property
    def cached(self) -> bool:
        return self.state == "cached"


class RunMetadata:
    """A reader of executions in the SQLite store at `path`, which a run fills meanwhile."""

    def __init__(self, path: str) -> None:
        self._path = path

    def node_result(self, run_id: str, node: str, seconds: float) -> NodeResult:
        """Returns the result of the node's execution in that run."""
        if not os.path.exists(self._path):
            return NodeResult(state="skipped", seconds=seconds)
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = self._path
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READONLY
        store = metadata_store.MetadataStore(config)
        execution = _execution(store, run_id, node)
        if execution is None:
            return NodeResult(state="skipped", seconds=seconds)
        state = _STATES.get(execution.last_known_state, "failed")
        if state == "cached" and execution.type == _RESOLVER:
            state = "done"
        outputs, properties = _outputs(store, execution.id)
        error = execution.custom_properties["__execution_result__"].string_value
        return NodeResult(
            state=state, seconds=seconds, error=error, outputs=outputs, properties=properties
        )


def _execution(
    store: metadata_store.MetadataStore, run_id: str, node: str
) -> mlmd.Execution | None:
    run = store.get_context_by_type_and_name(_RUN_CONTEXT, run_id)
    if run is None:
        return None
    executions = [
        execution
        for execution in store.get_executions_by_context(run.id)
        if any(
            context.type == "node" and context.name.endswith(f".{node}")
            for context in store.get_contexts_by_execution(execution.id)
        )
    ]
    return max(executions, key=lambda execution: execution.id, default=None)


def _outputs(
    store: metadata_store.MetadataStore, execution_id: int
) -> tuple[dict[str, str], dict[str, dict[str, str | int]]]:
    names = {
        event.artifact_id: event.path.steps[0].key
        for event in store.get_events_by_execution_ids([execution_id])
        if event.type == mlmd.Event.OUTPUT
    }
    uris: dict[str, str] = {}
    properties: dict[str, dict[str, str | int]] = {}
    for artifact in store.get_artifacts_by_id(list(names)):
        name = names[artifact.id]
        uris[name] = artifact.uri
        properties[name] = {
            key: value.int_value if value.HasField("int_value") else value.string_value
            for key, value in artifact.custom_properties.items()
        }
    return uris, properties
