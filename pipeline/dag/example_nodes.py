"""The node that brings the examples, prepared or imported, and the shape they will have."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from tfx import v1 as tfx
from tfx.dsl.components.base.base_node import BaseNode
from tfx.types.artifact_utils import encode_split_names

from components import ExamplePreparation
from data_prep.config import PrepConfig
from data_prep.filesystem import find_spans
from data_prep.job.window import SpanWindow
from data_prep.manifest import manifest_sha256, read_manifest
from data_prep.sources.opening import look_at
from pipeline.config.pipeline import PipelineConfig
from pipeline.dag.code_version import code_version
from pipeline.dag.node_ids import PREPARED_EXAMPLES
from trainer.data.shape import DataShape, image_shape

MANIFEST_SHA256 = "manifest_sha256"
# By name: Beam's default would first try to download and start a Prism server.
IN_PROCESS = ("--runner=apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner",)


def data_shape(prep_config: PrepConfig | None, inputs: Sequence[str]) -> DataShape:
    """Returns the shape of the examples, known before they are prepared."""
    if prep_config is None:
        return DataShape.of_manifest(read_manifest(inputs[0]))
    reader = look_at(prep_config, inputs)
    return DataShape(
        image=image_shape(reader.image),
        labels=None if reader.labelled else (),
        attributes=tuple(reader.attributes),
        extras=tuple(reader.extras),
    )


def data_node(
    config: PipelineConfig,
    prep_config: PrepConfig | None,
    inputs: Sequence[str],
    data_input: Any,
    root: str,
) -> tuple[BaseNode, Any]:
    """Returns the node, and its channel of examples. The arguments are those of create_pipeline."""
    if prep_config is None:
        node = _import(inputs[0], data_input)
        return node, node.outputs["result"]
    newest = window = None
    if config.data.has_spans:
        window = SpanWindow(spans=config.data.window, store=os.path.join(root, "spans"))
        if data_input is None:  # else the run may find others
            newest = find_spans([*inputs, *prep_config.lists])[-1]
    node = ExamplePreparation(
        inputs=inputs,
        options=prep_config,
        code_version=code_version("components.example_preparation.executor"),
        input_base=data_input,
        window=window,
        newest=newest,
    )
    return node, node.outputs["examples"]


def _import(directory: str, data_input: Any) -> BaseNode:
    manifest = read_manifest(directory)
    return tfx.dsl.Importer(
        source_uri=data_input or directory,
        artifact_type=tfx.types.standard_artifacts.Examples,
        properties={"split_names": encode_split_names(list(manifest.counts["by_split"]))},
        custom_properties={
            MANIFEST_SHA256: manifest_sha256(directory),
            "payload_format": "FORMAT_TF_EXAMPLE",
            "file_format": "tfrecords_gzip",
        },
    ).with_id(PREPARED_EXAMPLES)
