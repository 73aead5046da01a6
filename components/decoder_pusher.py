"""Pusher that adds no version for a decoder which is already the newest one."""

from __future__ import annotations

import filecmp
import os
import time
from typing import Any

from tfx import types
from tfx.components import Pusher
from tfx.components.pusher import executor as stock
from tfx.dsl.components.base import executor_spec
from tfx.dsl.io import fileio
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, proto_utils

from data_prep.settings import require


class Executor(stock.Executor):
    """Pushes to <base_directory>/<unix seconds>/, once for each different decoder."""

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
        newest = newest_version(base)
        if newest is not None and self.CheckBlessing(input_dict):
            model, serving = self.GetModelPath(input_dict), os.path.join(base, str(newest))
            if same_tree(model, serving):
                pushed = artifact_utils.get_single_instance(
                    output_dict[standard_component_specs.PUSHED_MODEL_KEY]
                )
                io_utils.copy_dir(model, pushed.uri)
                self._MarkPushed(pushed, pushed_destination=serving, pushed_version=str(newest))
                return
            while int(time.time()) <= newest:  # versions are seconds, and must grow
                time.sleep(0.1)
        super().Do(input_dict, output_dict, exec_properties)


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
    files = _files(one)
    if files != _files(other):
        return False
    return all(_same(os.path.join(one, name), os.path.join(other, name)) for name in files)


def _files(directory: str) -> list[str]:
    return sorted(
        os.path.relpath(os.path.join(folder, name), directory)
        for folder, _, names in fileio.walk(directory)
        for name in names
    )


def _same(one: str, other: str) -> bool:
    if os.path.exists(one) and os.path.exists(other):
        return filecmp.cmp(one, other, shallow=False)
    with fileio.open(one, "rb") as a, fileio.open(other, "rb") as b:
        return a.read() == b.read()


class DecoderPusher(Pusher):
    """Pusher of the serving model, idempotent in its content."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
