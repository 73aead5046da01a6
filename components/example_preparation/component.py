"""ExampleGen that runs the project's own preparation."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

from google.protobuf import any_pb2, struct_pb2
from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.dsl.components.base import executor_spec
from tfx.proto import example_gen_pb2, range_config_pb2

from components.example_preparation import executor
from data_prep.config import PrepConfig
from data_prep.config_base import to_dict
from data_prep.job.window import SpanWindow

_GLOB = frozenset("*?[{")


class ExamplePreparation(FileBasedExampleGen):
    """The preparation of raw files into Examples in three splits, by data_prep.job.

    The stock driver puts the fingerprint of the input files into the cache key; the options
    and the version of the code behind them are execution properties.
    """

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)

    def __init__(
        self,
        *,
        inputs: Sequence[str],
        options: PrepConfig,
        code_version: str,
        input_base: Any = None,
        window: SpanWindow | None = None,
        newest: int | None = None,
    ) -> None:
        """
        Args:
          inputs: globs, absolute or of a filesystem Beam reads.
          options: the config of the preparation; the lists it names count as input files, too.
          code_version: changes whenever the code that prepares the data does.
          input_base: a RuntimeParameter in place of the folder that all inputs and lists share,
            for other data of the same layout.
          window: of spans, where the inputs hold a placeholder for one (see
            data_prep.span_patterns). The driver takes the newest for the cache key; older ones in
            the window count as closed.
          newest: the last span of the window. None: TFX's driver looks for it, and takes every
            path that the placeholder matches for one.
        """
        lists = options.lists
        base, patterns = relative_to_common_folder([*inputs, *lists])
        names = [f"{executor.INPUT}{i}" for i in range(len(inputs))]
        names += [f"{executor.LIST}{i}" for i in range(len(lists))]
        splits = [
            example_gen_pb2.Input.Split(name=name, pattern=pattern)
            for name, pattern in zip(names, patterns, strict=True)
        ]
        settings = struct_pb2.Struct()
        text = json.dumps(to_dict(options), sort_keys=True)  # a Struct's numbers are all doubles
        settings.update({executor.OPTIONS: text, executor.CODE_VERSION: code_version})
        if window:
            settings[executor.WINDOW] = json.dumps(to_dict(window), sort_keys=True)
            settings[executor.PATTERNS] = json.dumps(patterns)
        range_config = None
        if newest is not None:
            only = range_config_pb2.StaticRange(start_span_number=newest, end_span_number=newest)
            range_config = range_config_pb2.RangeConfig(static_range=only)
        packed = any_pb2.Any()
        packed.Pack(settings, deterministic=True)
        super().__init__(
            input_base=base if input_base is None else input_base,
            input_config=example_gen_pb2.Input(splits=splits),
            output_config=example_gen_pb2.Output(),
            custom_config=example_gen_pb2.CustomConfig(custom_config=packed),
            range_config=range_config,
        )


def relative_to_common_folder(globs: Sequence[str]) -> tuple[str, list[str]]:
    """Returns the deepest folder that all globs share, and each glob relative to it.

    >>> relative_to_common_folder(["gs://b/raw/*.bin", "gs://b/raw/old/cat.bin"])
    ('gs://b/raw', ['*.bin', 'old/cat.bin'])
    """
    parts = [glob.split("/") for glob in globs]
    levels = zip(*(_folders(path) for path in parts), strict=False)
    shared = [level[0] for level in itertools.takewhile(lambda names: len(set(names)) == 1, levels)]
    base = "/".join(shared) or "/"
    return base, ["/".join(path[len(shared) :]) for path in parts]


def _folders(path: list[str]) -> list[str]:
    """Returns the leading components that hold no wildcard, without the file's own name."""
    plain = 0
    while plain < len(path) - 1 and not _GLOB & set(path[plain]):
        plain += 1
    return path[:plain]
