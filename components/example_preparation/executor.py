"""The executor that runs data_prep.job.prepare, which writes the Examples artifact itself."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from collections.abc import Sequence
from typing import Any

from google.protobuf import struct_pb2
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import proto_utils

from components.artifacts import Artifacts
from components.example_preparation import local_execution
from data_prep.config import LISTS, PrepConfig
from data_prep.config_base import parse
from data_prep.job.prepare import prepare
from data_prep.job.window import SpanWindow, prepare_window
from data_prep.span_patterns import has_span, span_of

OPTIONS = "options"
INPUT, LIST = "input-", "list-"  # beginnings of the names of the input config's splits
CODE_VERSION = "code_version"
WINDOW, PATTERNS = "window", "patterns"  # of spans; the patterns before a span is chosen

_LOGGER = logging.getLogger(__name__)


class Executor(base_beam_executor.BaseBeamExecutor):
    """Writes Split-*/ and manifest.json into the `examples` artifact."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        self._log_startup(input_dict, output_dict, exec_properties)
        examples = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.EXAMPLES_KEY]
        )
        local = local_execution.current()
        execution: dict[str, Any] = (
            {"workers": local.workers, "on_progress": local.on_progress}
            if local
            else {"beam_args": self._beam_pipeline_args or []}
        )
        inputs, options = _inputs_and_options(exec_properties)
        settings = _settings(exec_properties)
        if WINDOW in settings:
            patterns, options = _inputs_and_options(exec_properties, json.loads(settings[PATTERNS]))
            chosen = not has_span(inputs[0])  # Kubeflow runs no driver
            manifest = prepare_window(
                options,
                patterns,
                examples.uri,
                parse(SpanWindow, json.loads(settings[WINDOW]), WINDOW),
                newest=span_of(patterns[0], inputs[0]) if chosen else None,
                code_version=settings[CODE_VERSION],
                **execution,
            )
        else:
            manifest = prepare(options, inputs, examples.uri, overwrite=True, **execution)
        for warning in manifest.warnings:
            _LOGGER.warning("%s", warning)
        splits = list(manifest.counts["by_split"])
        examples.split_names = artifact_utils.encode_split_names(splits)
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(examples, "tfrecords_gzip")


def _settings(exec_properties: dict[str, Any]) -> struct_pb2.Struct:
    config = example_gen_pb2.CustomConfig()
    proto_utils.json_to_proto(exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY], config)
    settings = struct_pb2.Struct()
    config.custom_config.Unpack(settings)
    return settings


def _inputs_and_options(
    exec_properties: dict[str, Any], patterns: Sequence[str] = ()
) -> tuple[list[str], PrepConfig]:
    """Returns the inputs, and the options with their lists, in the input folder of this run.

    Args:
      patterns: stand in for those that the driver has filled in, in the same order.
    """
    config = example_gen_pb2.Input()
    proto_utils.json_to_proto(exec_properties[standard_component_specs.INPUT_CONFIG_KEY], config)
    base = exec_properties[standard_component_specs.INPUT_BASE_KEY]
    paths: dict[str, list[str]] = {INPUT: [], LIST: []}
    for split, pattern in zip(
        config.splits, patterns or [split.pattern for split in config.splits], strict=True
    ):
        kind = INPUT if split.name.startswith(INPUT) else LIST
        paths[kind].append(os.path.join(base, pattern))
    options = parse(PrepConfig, json.loads(_settings(exec_properties)[OPTIONS]), OPTIONS)
    named = [name for name in LISTS if getattr(options, name)]
    changes: dict[str, Any] = dict(zip(named, paths[LIST], strict=True))
    return paths[INPUT], dataclasses.replace(options, **changes)
