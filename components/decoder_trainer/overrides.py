"""Values given when a run starts, put into the settings that were fixed when it was compiled.

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

BETA, LATENT_DIM, EPOCHS = "beta", "latent_dim", "epochs"
# property -> its place in the settings
PLACES = {BETA: ("model", "beta"), LATENT_DIM: ("model", "latent_dim"), EPOCHS: ("train", "epochs")}


def with_overrides(exec_properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties, those of `PLACES` moved into custom_config["settings"].

    Raises:
      InputError: where the settings that result are impossible.
    """
    properties = dict(exec_properties)
    given = {name: properties.pop(name, None) for name in PLACES}
    if all(value is None for value in given.values()):
        return properties
    key = standard_component_specs.CUSTOM_CONFIG_KEY
    config = json_utils.loads(properties[key])
    settings = json.loads(config[SETTINGS])
    for name, value in given.items():
        if value is not None:
            section, option = PLACES[name]
            settings[section][option] = value
    config[SETTINGS] = TrainerConfig.from_json(json.dumps(settings)).to_json()
    properties[key] = json_utils.dumps(config)
    return properties
