"""Runs data_prep.job into the Examples artifact, which it writes itself."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any

from google.protobuf import struct_pb2
from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import proto_utils

from components.example_preparation import execution
from data_prep.job import prepare
from data_prep.options import LISTS, PrepOptions
from data_prep.settings import parse

OPTIONS = "options"
INPUT, LIST = "input-", "list-"  # what the names of the splits of the input config begin with
CODE_VERSION = "code_version"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Writes Split-*/ and manifest.json into the `examples` artifact."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        self._log_startup(input_dict, output_dict, exec_properties)
        examples = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.EXAMPLES_KEY]
        )
        inputs, lists = _paths(exec_properties, INPUT), _paths(exec_properties, LIST)
        options = _with_lists(_options(exec_properties), lists)
        local = execution.current()
        if local:
            manifest = prepare(
                options,
                inputs,
                examples.uri,
                workers=local.workers,
                overwrite=True,
                on_progress=local.on_progress,
            )
        else:
            beam_args = self._beam_pipeline_args or []
            manifest = prepare(options, inputs, examples.uri, beam_args=beam_args, overwrite=True)
        splits = list(manifest.counts["by_split"])
        examples.split_names = artifact_utils.encode_split_names(splits)
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(examples, "tfrecords_gzip")


def _options(exec_properties: dict[str, Any]) -> PrepOptions:
    config = example_gen_pb2.CustomConfig()
    proto_utils.json_to_proto(exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY], config)
    settings = struct_pb2.Struct()
    config.custom_config.Unpack(settings)
    return parse(PrepOptions, json.loads(settings[OPTIONS]), OPTIONS)


def _with_lists(options: PrepOptions, paths: list[str]) -> PrepOptions:
    """The options with the lists where the input folder of this run is."""
    given = [name for name in LISTS if getattr(options, name)]
    changes: dict[str, Any] = dict(zip(given, paths, strict=True))
    return dataclasses.replace(options, **changes)


def _paths(exec_properties: dict[str, Any], kind: str) -> list[str]:
    """Of the splits of that kind, in order, under the input folder."""
    config = example_gen_pb2.Input()
    proto_utils.json_to_proto(exec_properties[standard_component_specs.INPUT_CONFIG_KEY], config)
    base = exec_properties[standard_component_specs.INPUT_BASE_KEY]
    return [
        os.path.join(base, split.pattern) for split in config.splits if split.name.startswith(kind)
    ]
