"""The champion: the model that every candidate is compared with besides the last blessed one.

It is the best so far, or one that the user pins. With the last one alone to compare with, each
model may be a little worse than the one before, and after many the worst of all is blessed.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from tfx.dsl.io import fileio
from tfx.utils import io_utils, path_utils

from components.blessed_models.registry import BlessedModel, BlessingRegistry, learned_spans
from data_prep.config_base import require

KEY = "evaluation.champion"
ALLOWED = (
    "nothing (the best model so far), the directory of a model artifact, the directory of a "
    "pushed version, or a file of the registry of blessed models"
)


class Champion(NamedTuple):
    """The champion among models.

    uri: of its model artifact.
    pinned: whether the user chose it.
    reference_span: the span that drift is measured from, besides the last blessed one: the last one
      that a pinned model has learned from; None where there is none.
    """

    uri: str
    pinned: bool
    reference_span: dict[str, Any] | None


def find_champion(registry: BlessingRegistry, pinned: str) -> Champion | None:
    """Returns the champion; None as long as nothing was blessed.

    Args:
      pinned: what the user pins, see `ALLOWED`; empty: the best model so far.

    Raises:
      InputError: where that is nothing that can be compared with.
    """
    if not pinned:
        best, last = registry.champion(), registry.latest()
        return Champion(best.uri, False, last.reference_span) if best and last else None
    uri = _model_artifact(registry, pinned)
    spans = learned_spans(uri) or ()
    return Champion(uri, True, spans[-1] if spans else None)


def _model_artifact(registry: BlessingRegistry, pinned: str) -> str:
    """Returns the URI of the model artifact that the user means."""
    place = pinned.rstrip("/")
    require(fileio.exists(place), KEY, pinned, ALLOWED)
    if not fileio.isdir(place):
        return _of_record(place, pinned).uri
    if fileio.exists(path_utils.eval_model_dir(place)):
        return place
    pushed = [each for each in registry.all() if each.pushed == os.path.basename(place)]
    require(bool(pushed), KEY, pinned, ALLOWED)
    return pushed[-1].uri


def _of_record(path: str, pinned: str) -> BlessedModel:
    try:
        return BlessedModel.from_json(io_utils.read_string_file(path))
    except (ValueError, KeyError, TypeError):
        require(False, KEY, pinned, ALLOWED)
        raise
