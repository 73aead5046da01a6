"""The component that pushes a blessed decoder, unless it is the newest version already."""

from __future__ import annotations

import os
import tempfile
import time
from typing import Any

from tfx import types
from tfx.components.pusher import executor as stock
from tfx.dsl.components.base import base_component, executor_spec
from tfx.dsl.io import fileio
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_component_specs import (
    MODEL_BLESSING_KEY,
    MODEL_KEY,
    PUSH_DESTINATION_KEY,
    PUSHED_MODEL_KEY,
)
from tfx.utils import io_utils, path_utils, proto_utils

from components.artifacts import Artifacts, LatentVectors
from components.blessed_models.registry import BlessingRegistry
from components.decoder_pusher.edit_signature import assemble, is_made_of
from components.file_tree import same_tree
from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from components.latent_evaluator.vectors.edits import editable
from data_prep.config_base import require
from trainer.export.metadata import read_metadata

ATTRIBUTE_VECTORS, CODE_VERSION, REGISTRY = "attribute_vectors", "code_version", "registry"


class Executor(stock.Executor):
    """Pushes to <base_directory>/<unix seconds>/, once for each different decoder.

    With attribute vectors the one of `components.decoder_pusher.edit_signature` is pushed,
    otherwise the trained one as it is.
    """

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        base = _base_directory(exec_properties[PUSH_DESTINATION_KEY])
        exec_properties = {**exec_properties, PUSH_DESTINATION_KEY: push_to(base)}
        if not self.CheckBlessing(input_dict):
            super().Do(input_dict, output_dict, exec_properties)
            return
        self._push(input_dict, output_dict, exec_properties, base)
        registry = BlessingRegistry(exec_properties.get(REGISTRY) or "")
        pushed = artifact_utils.get_single_instance(output_dict[PUSHED_MODEL_KEY])
        version = pushed.get_string_custom_property("pushed_version")
        registry.note_push(artifact_utils.get_single_uri(input_dict[MODEL_KEY]), version)

    def _push(
        self,
        input_dict: Artifacts,
        output_dict: Artifacts,
        exec_properties: dict[str, Any],
        base: str,
    ) -> None:
        model = self.GetModelPath(input_dict)
        vectors = _vectors(input_dict, model)
        newest = newest_version(base)
        if newest is not None:
            serving = os.path.join(base, str(newest))
            if is_made_of(serving, model, vectors) if vectors else same_tree(model, serving):
                pushed = artifact_utils.get_single_instance(output_dict[PUSHED_MODEL_KEY])
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
            inputs = {**input_dict, MODEL_KEY: [assembled]}
            super().Do(inputs, output_dict, exec_properties)


def _vectors(input_dict: Artifacts, model: str) -> AttributeVectors | None:
    """Returns the vectors to edit along; None without them, or where none is editable."""
    artifacts = input_dict.get(ATTRIBUTE_VECTORS) or []
    if not artifacts:
        return None
    vectors = AttributeVectors.load(artifacts[0].uri)
    return vectors if editable(vectors, read_metadata(model)) else None


def push_to(directory: str) -> str:
    """Returns the property push_destination for a directory."""
    filesystem = pusher_pb2.PushDestination.Filesystem(base_directory=directory)
    return proto_utils.proto_to_json(pusher_pb2.PushDestination(filesystem=filesystem))


def _base_directory(text: str) -> str:
    """Returns the directory of the property push_destination: JSON, or as a runtime parameter the
    bare directory."""
    if not text.lstrip().startswith("{"):
        require(bool(text.strip()), PUSH_DESTINATION_KEY, text, "a folder")
        return text
    destination = pusher_pb2.PushDestination()
    proto_utils.json_to_proto(text, destination)
    return destination.filesystem.base_directory


def newest_version(directory: str) -> int | None:
    """Returns the largest version number in a serving directory; None where there is none."""
    if not fileio.exists(directory):
        return None
    names = (name.rstrip("/") for name in fileio.listdir(directory))
    return max((int(name) for name in names if name.isdecimal()), default=None)


class DecoderPusherSpec(ComponentSpec):
    """The inputs, outputs and properties of `DecoderPusher`."""

    PARAMETERS = {  # noqa: RUF012
        PUSH_DESTINATION_KEY: ExecutionParameter(type=pusher_pb2.PushDestination),
        CODE_VERSION: ExecutionParameter(type=str),
        REGISTRY: ExecutionParameter(type=str),
    }
    INPUTS = {  # noqa: RUF012
        MODEL_KEY: ChannelParameter(type=standard_artifacts.Model),
        MODEL_BLESSING_KEY: ChannelParameter(type=standard_artifacts.ModelBlessing),
        ATTRIBUTE_VECTORS: ChannelParameter(type=LatentVectors, optional=True),
    }
    OUTPUTS = {  # noqa: RUF012
        PUSHED_MODEL_KEY: ChannelParameter(type=standard_artifacts.PushedModel)
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
        registry: str = "",
        attribute_vectors: types.BaseChannel | None = None,
    ) -> None:
        """Args:
        model: with the decoder as its serving model.
        model_blessing: without one nothing is pushed.
        push_destination: `push_to` a directory, in which every version gets one of its own; or
          a RuntimeParameter, that directory.
        code_version: changes whenever the code that makes the pushed decoder does.
        registry: the directory of the registry of blessed models, in which the pushed version is
          entered; empty: there is none.
        """
        super().__init__(
            spec=DecoderPusherSpec(
                model=model,
                model_blessing=model_blessing,
                push_destination=push_destination,
                attribute_vectors=attribute_vectors,
                code_version=code_version,
                registry=registry,
                pushed_model=types.Channel(type=standard_artifacts.PushedModel),
            )
        )
