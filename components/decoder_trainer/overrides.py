"""Hyper-parameters given when a run starts, put into the config fixed when it was compiled.

A runtime parameter nested in custom_config is frozen to its default at compile time; a property
of its own is not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tfx.types import standard_component_specs
from tfx.utils import json_utils

from trainer.config import SETTINGS, TrainerConfig
from trainer.config.hyperparameters import RUNTIME


def with_overrides(exec_properties: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the properties, those of `RUNTIME` moved into custom_config["settings"].

    Raises:
      InputError: where the config that results is impossible.
    """
    properties = dict(exec_properties)
    values = {name: properties.pop(name, None) for name in RUNTIME}
    if all(value is None for value in values.values()):
        return properties
    key = standard_component_specs.CUSTOM_CONFIG_KEY
    custom_config = json_utils.loads(properties[key])
    settings = json.loads(custom_config[SETTINGS])
    for name, value in values.items():
        if value is not None:
            *sections, field = RUNTIME[name].place
            section = settings
            for part in sections:
                section = section[part]
            section[field] = value
    custom_config[SETTINGS] = TrainerConfig.from_json(json.dumps(settings)).to_json()
    properties[key] = json_utils.dumps(custom_config)
    return properties
