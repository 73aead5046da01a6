"""The nodes that bring the data: prepared here, or a prepared directory as it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from tfx import v1 as tfx
from tfx.dsl.components.base.base_node import BaseNode
from tfx.types.artifact_utils import encode_split_names

from components import ExamplePreparation
from components.schema_import.schema import DataShape
from data_prep.config import PrepConfig
from data_prep.filesystem import find_spans
from data_prep.job.window import SpanWindow
from data_prep.manifest import manifest_sha256, read_manifest
from data_prep.sources.base import ImageSpec
from data_prep.sources.registry import look_at
from pipeline.config.pipeline import PipelineConfig
from pipeline.dag.code_version import code_version
from trainer.config import ImageShape

MANIFEST_SHA256 = "manifest_sha256"


def data_shape(options: PrepConfig | None, inputs: Sequence[str]) -> tuple[DataShape, ImageShape]:
    """What the examples will be like, known before they are made."""
    return _raw_shape(options, inputs) if options else _prepared_shape(inputs[0])


def data_node(
    config: PipelineConfig,
    options: PrepConfig | None,
    inputs: Sequence[str],
    data_input: Any,
    root: str,
) -> tuple[BaseNode, Any]:
    """The node, and its channel of examples. The arguments are those of `create_pipeline`."""
    if options is None:
        node = _import(inputs[0], data_input)
        return node, node.outputs["result"]
    newest = None
    if config.data.has_spans and data_input is None:  # else the run may find others
        newest = find_spans([*inputs, *options.lists])[-1]
    node = ExamplePreparation(
        inputs=inputs,
        options=options,
        code_version=code_version("components.example_preparation.executor"),
        input_base=data_input,
        window=_window(config, root),
        newest=newest,
    )
    return node, node.outputs["examples"]


def _window(config: PipelineConfig, root: str) -> SpanWindow | None:
    """Where the prepared spans are kept, below the run's root; None for data without spans."""
    if not config.data.has_spans:
        return None
    return SpanWindow(spans=config.data.window, store=os.path.join(root, "spans"))


def _prepared_shape(directory: str) -> tuple[DataShape, ImageShape]:
    manifest = read_manifest(directory)
    shape = DataShape(
        labels=bool(manifest.labels), attributes=len(manifest.attributes), extras=manifest.extras
    )
    return shape, _image_shape(manifest.image)


def _raw_shape(options: PrepConfig, inputs: Sequence[str]) -> tuple[DataShape, ImageShape]:
    """What the preparation will make of the inputs, known before it runs."""
    source = look_at(options, inputs)
    shape = DataShape(
        labels=source.labelled, attributes=len(source.attributes), extras=source.extras
    )
    return shape, _image_shape(source.image)


def _image_shape(image: ImageSpec) -> ImageShape:
    return ImageShape(height=image.height, width=image.width, channels=image.channels)


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
    ).with_id("PreparedExamples")


# By name: Beam's default would first try to download and start a Prism server.
IN_PROCESS = ("--runner=apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner",)
