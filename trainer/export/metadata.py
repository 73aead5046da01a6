"""The files beside exported models, and the metadata of a model, model.json.

Standard library only, so that a command's wrong arguments are refused before TensorFlow loads.
"""

from __future__ import annotations

import json
import os
from typing import Any

from trainer.config.families import FAMILIES

METADATA_FILE = os.path.join("assets.extra", "model.json")
LEARNED_FILE = "learned.json"  # beside both models: the data and the config behind them
VECTORS_FILE = "attribute_vectors.json"  # of an evaluation, and an asset of a pushed decoder
HISTORY_FILE = "history.json"  # of the training, in its model_run


def read_metadata(directory: str) -> dict[str, Any]:
    """Reads the metadata of a SavedModel: see `trainer.export.saved_model.model_metadata`."""
    path = os.path.join(directory, METADATA_FILE)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    from data_prep.filesystem import read_whole  # Beam: a second that a local file does not need

    return json.loads(read_whole(path))


def condition_names(metadata: dict[str, Any]) -> tuple[str, ...]:
    """Returns the names of the condition's values, in order; empty for an unconditional model."""
    return tuple((metadata.get("condition") or {}).get("names", ()))


def takes_labels(metadata: dict[str, Any]) -> bool:
    """Returns true where the condition is the label, of which an image has one."""
    return (metadata.get("condition") or {}).get("kind") == "label"


def has_prior(metadata: dict[str, Any]) -> bool:
    """Returns true where codes are distributed as N(0, I)."""
    return FAMILIES[metadata["family"]].has_prior
