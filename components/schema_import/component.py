"""ImportSchemaGen by value: the schema travels in the node's properties, so a compiled pipeline
needs no file beside it and the cache key holds the schema itself."""

from __future__ import annotations

import os
from typing import Any

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.components.schema_gen.executor import DEFAULT_FILE_NAME
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.utils import io_utils

from components.artifacts import Artifacts

SCHEMA = "schema"
SCHEMA_TEXT = "schema_text"


class SchemaImportSpec(ComponentSpec):
    """The property and the output of `SchemaImport`."""

    PARAMETERS = {SCHEMA_TEXT: ExecutionParameter(type=str)}  # noqa: RUF012
    INPUTS: dict[str, ChannelParameter] = {}  # noqa: RUF012
    OUTPUTS = {SCHEMA: ChannelParameter(type=standard_artifacts.Schema)}  # noqa: RUF012


class Executor(base_executor.BaseExecutor):
    """Writes the schema of `schema_text` into the artifact."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        text = exec_properties[SCHEMA_TEXT]
        text_format.Parse(text, schema_pb2.Schema())  # raises where it is no schema
        directory = artifact_utils.get_single_uri(output_dict[SCHEMA])
        io_utils.write_string_file(os.path.join(directory, DEFAULT_FILE_NAME), text)


class SchemaImport(base_component.BaseComponent):
    """A schema that is known when the graph is built."""

    SPEC_CLASS = SchemaImportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, *, schema: schema_pb2.Schema) -> None:
        text = text_format.MessageToString(schema)
        channel = types.Channel(type=standard_artifacts.Schema)
        super().__init__(spec=SchemaImportSpec(**{SCHEMA_TEXT: text, SCHEMA: channel}))
