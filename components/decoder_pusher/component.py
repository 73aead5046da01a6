"""Pusher that adds no version for a decoder which is already the newest one."""

from __future__ import annotations

import filecmp
import os
import tempfile
import time
from typing import Any

from tfx import types
from tfx.components.pusher import executor as stock
from tfx.dsl.components.base import base_component, executor_spec
from tfx.dsl.io import fileio
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_artifacts, standard_component_specs
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.utils import io_utils, path_utils, proto_utils

from components.artifacts import LatentVectors
from components.decoder_pusher.edit_signature import (
    assemble,
    files_of,
    is_made_of,
)
from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from components.latent_evaluator.vectors.edits import editable
from data_prep.config_base import require
from trainer.export.metadata import read_metadata

ATTRIBUTE_VECTORS, CODE_VERSION = "attribute_vectors", "code_version"


class Executor(stock.Executor):
    """Pushes to <base_directory>/<unix seconds>/, once for each different decoder.

    With attribute vectors the one of `components.decoder_pusher.edit_signature` is pushed,
    otherwise the trained one as it is.
    """

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        base = _base_directory(exec_properties[standard_component_specs.PUSH_DESTINATION_KEY])
        exec_properties = {
            **exec_properties,
            standard_component_specs.PUSH_DESTINATION_KEY: push_to(base),
        }
        if not self.CheckBlessing(input_dict):
            super().Do(input_dict, output_dict, exec_properties)
            return
        model = self.GetModelPath(input_dict)
        vectors = _vectors(input_dict, model)
        newest = newest_version(base)
        if newest is not None:
            serving = os.path.join(base, str(newest))
            if _serves(serving, model, vectors):
                pushed = artifact_utils.get_single_instance(
                    output_dict[standard_component_specs.PUSHED_MODEL_KEY]
                )
                io_utils.copy_dir(serving, pushed.uri)
                self._MarkPushed(pushed, pushed_destination=serving, pushed_version=str(newest))
                return
            while int(time.time()) <= newest:  # versions are seconds, and must grow
                time.sleep(0.1)
        if vectors is None:
            super().Do(input_dict, output_dict, exec_properties)
            return
        with tempfile.TemporaryDirectory() as folder:
            assembled = standard_artifacts.Model()
            assembled.uri = folder
            assemble(model, vectors, path_utils.serving_model_dir(folder))
            given = {**input_dict, standard_component_specs.MODEL_KEY: [assembled]}
            super().Do(given, output_dict, exec_properties)


def _vectors(input_dict: dict[str, list[types.Artifact]], model: str) -> AttributeVectors | None:
    """None where there are none, or where nothing can be edited along them."""
    found = input_dict.get(ATTRIBUTE_VECTORS) or []
    if not found:
        return None
    vectors = AttributeVectors.load(found[0].uri)
    return vectors if editable(vectors, read_metadata(model)) else None


def _serves(serving: str, model: str, vectors: AttributeVectors | None) -> bool:
    return same_tree(model, serving) if vectors is None else is_made_of(serving, model, vectors)


def push_to(directory: str) -> str:
    """The property push_destination that stands for a directory."""
    filesystem = pusher_pb2.PushDestination.Filesystem(base_directory=directory)
    return proto_utils.proto_to_json(pusher_pb2.PushDestination(filesystem=filesystem))


def _base_directory(text: str) -> str:
    """Of the property push_destination: its JSON, or, as a runtime parameter, just a directory."""
    if not text.lstrip().startswith("{"):
        require(bool(text.strip()), standard_component_specs.PUSH_DESTINATION_KEY, text, "a folder")
        return text
    destination = pusher_pb2.PushDestination()
    proto_utils.json_to_proto(text, destination)
    return destination.filesystem.base_directory


def newest_version(directory: str) -> int | None:
    """The largest version number in a serving directory; None where there is none."""
    if not fileio.exists(directory):
        return None
    names = (name.rstrip("/") for name in fileio.listdir(directory))
    return max((int(name) for name in names if name.isdecimal()), default=None)


def same_tree(one: str, other: str) -> bool:
    """Whether two directories, on any filesystem, hold the same files byte for byte."""
    files = files_of(one)
    if files != files_of(other):
        return False
    return all(_same(os.path.join(one, name), os.path.join(other, name)) for name in files)


def _same(one: str, other: str) -> bool:
    if os.path.exists(one) and os.path.exists(other):
        return filecmp.cmp(one, other, shallow=False)
    with fileio.open(one, "rb") as a, fileio.open(other, "rb") as b:
        return a.read() == b.read()


class DecoderPusherSpec(ComponentSpec):
    """What `tfx.components.Pusher` takes of it, and the attribute vectors."""

    PARAMETERS = {  # noqa: RUF012
        standard_component_specs.PUSH_DESTINATION_KEY: ExecutionParameter(
            type=pusher_pb2.PushDestination
        ),
        CODE_VERSION: ExecutionParameter(type=str),
    }
    INPUTS = {  # noqa: RUF012
        standard_component_specs.MODEL_KEY: ChannelParameter(type=standard_artifacts.Model),
        standard_component_specs.MODEL_BLESSING_KEY: ChannelParameter(
            type=standard_artifacts.ModelBlessing
        ),
        ATTRIBUTE_VECTORS: ChannelParameter(type=LatentVectors, optional=True),
    }
    OUTPUTS = {  # noqa: RUF012
        standard_component_specs.PUSHED_MODEL_KEY: ChannelParameter(
            type=standard_artifacts.PushedModel
        )
    }


class DecoderPusher(base_component.BaseComponent):
    """Pushes the blessed decoder, able to edit along the attribute vectors."""

    SPEC_CLASS = DecoderPusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: types.BaseChannel,
        model_blessing: types.BaseChannel,
        push_destination: Any,
        code_version: str,
        attribute_vectors: types.BaseChannel | None = None,
    ) -> None:
        """Args:
        model: with the decoder as serving model.
        model_blessing: without which nothing is pushed.
        push_destination: `push_to` a directory, in which every version gets one of its own; or
          a RuntimeParameter, that directory.
        code_version: changes whenever the code that makes the pushed decoder does.
        attribute_vectors: of the model.
        """
        super().__init__(
            spec=DecoderPusherSpec(
                **{
                    standard_component_specs.MODEL_KEY: model,
                    standard_component_specs.MODEL_BLESSING_KEY: model_blessing,
                    standard_component_specs.PUSH_DESTINATION_KEY: push_destination,
                    standard_component_specs.PUSHED_MODEL_KEY: types.Channel(
                        type=standard_artifacts.PushedModel
                    ),
                    ATTRIBUTE_VECTORS: attribute_vectors,
                    CODE_VERSION: code_version,
                }
            )
        )
