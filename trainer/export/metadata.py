"""The files beside exported models, and what stands in model.json. Standard library only."""

from __future__ import annotations

import os
from typing import Any

from trainer.config import WITHOUT_PRIOR

DESCRIPTION = os.path.join("assets.extra", "model.json")
LEARNED_FILE = "learned.json"  # beside both models: the data and settings behind them
HISTORY_FILE = "history.json"  # of the training, in its model_run


def condition_names(description: dict[str, Any]) -> tuple[str, ...]:
    """The names of the values of a model's condition, in order; empty where it takes none."""
    return tuple((description.get("condition") or {}).get("names", ()))


def takes_labels(description: dict[str, Any]) -> bool:
    """Whether the condition is the label, of which an image has one."""
    return (description.get("condition") or {}).get("kind") == "label"


def has_prior(description: dict[str, Any]) -> bool:
    """Whether codes are distributed as N(0, I)."""
    return description["family"] not in WITHOUT_PRIOR
