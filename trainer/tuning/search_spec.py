"""The description of a search that its processes share."""

from __future__ import annotations

import dataclasses
import json

from data_prep.config_base import parse, to_dict
from trainer.config import TrainerConfig
from trainer.tuning.config import TunerConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchSpec:
    """Everything that a search's processes need to know.

    directory: of the search, shared by all of them.
    arrays: of this machine; see `trainer.tuning.trial_data`.
    settings: of every trial, but for what is searched.
    """

    directory: str
    arrays: str
    settings: TrainerConfig
    tuner: TunerConfig

    def to_json(self) -> str:
        return json.dumps(to_dict(self))

    @classmethod
    def from_json(cls, text: str) -> SearchSpec:
        return parse(cls, json.loads(text), "plan")
