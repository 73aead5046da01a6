"""Nodes whose properties are their config, as JSON, and the version of the code behind them."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from tfx import types
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from data_prep.config_base import Config, parse, to_dict

CONFIG, CODE_VERSION = "config", "code_version"
C = TypeVar("C", bound=Config)


class ConfiguredSpec(ComponentSpec):
    """The base of a spec that adds the inputs and the outputs, whose channels it makes, and it may
    be properties."""

    PARAMETERS = {  # noqa: RUF012
        CONFIG: ExecutionParameter(type=str),
        CODE_VERSION: ExecutionParameter(type=str),
    }
    INPUTS: dict[str, ChannelParameter] = {}  # noqa: RUF012
    OUTPUTS: dict[str, ChannelParameter] = {}  # noqa: RUF012

    def __init__(
        self, *, config: Config, code_version: str, **inputs: types.BaseChannel | str | None
    ) -> None:
        outputs = {name: types.Channel(type=each.type) for name, each in self.OUTPUTS.items()}
        text = json.dumps(to_dict(config), sort_keys=True)
        super().__init__(**{CONFIG: text, CODE_VERSION: code_version}, **inputs, **outputs)


def read_config(kind: type[C], exec_properties: dict[str, Any], name: str) -> C:
    """Returns the config of a node; `name` stands for it in errors."""
    return parse(kind, json.loads(exec_properties[CONFIG]), name)
