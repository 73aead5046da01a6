"""The one table of hyper-parameters: what a search, an override or a run's start may set.

To add one, enter a row here; its field in the config must exist. The search space, the overrides,
the columns of trials, the Trainer's properties and the parameters of a compiled pipeline follow.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Mapping
from typing import Any

from data_prep.config_base import Config
from data_prep.errors import InputError
from trainer.config.families import FAMILIES
from trainer.config.trainer import ModelConfig, TrainerConfig

Value = int | float

DIGITS = 6  # significant ones of a value: between processes it travels as a 32-bit number


@dataclasses.dataclass(frozen=True)
class HyperParameter:
    """A number of the trainer's config that can be set from outside.

    place: the path of its field in TrainerConfig.
    kind: int for whole numbers, or float.
    description: a sentence for the parameters of a compiled pipeline.
    searched: a search may try values of it, and an override may fix it.
    runtime: it may be given when a run of a compiled pipeline starts.
    needs: the field of a `Family` without which it has no effect; "": it always has.
    reshapes: the shapes of weights depend on it.
    """

    place: tuple[str, ...]
    kind: type[int] | type[float]
    description: str
    searched: bool = True
    runtime: bool = False
    needs: str = ""
    reshapes: bool = False

    @property
    def is_whole(self) -> bool:
        return self.kind is int

    def clean(self, value: Any) -> Value:
        """Returns `value` as its kind, rounded to `DIGITS` significant digits."""
        return int(value) if self.is_whole else float(f"{float(value):.{DIGITS}g}")

    def value_in(self, config: Any) -> Value:
        """Returns the value that a config with the sections of TrainerConfig holds."""
        return operator.attrgetter(".".join(self.place))(config)

    def applies_to(self, model: ModelConfig) -> bool:
        """Returns True where the value has an effect on a model."""
        return not self.needs or getattr(model.family_entry, self.needs)


HYPERPARAMETERS = {
    "beta": HyperParameter(
        ("model", "beta"), float, "Weight of the KL term.", runtime=True, needs="has_prior"
    ),
    "latent_dim": HyperParameter(
        ("model", "latent_dim"), int, "Number of latent dimensions.", runtime=True, reshapes=True
    ),
    "learning_rate": HyperParameter(
        ("train", "learning_rate"), float, "Learning rate at the start."
    ),
    "batch_size": HyperParameter(("train", "batch_size"), int, "Images in a batch."),
    "width": HyperParameter(
        ("model", "width"), float, "Factor of the units and filters of the networks.", reshapes=True
    ),
    "gamma": HyperParameter(
        ("model", "gan", "gamma"),
        float,
        "Weight of the feature loss against the adversarial one.",
        needs="adversarial",
    ),
    "epochs": HyperParameter(
        ("train", "epochs"), int, "Epochs of training.", searched=False, runtime=True
    ),
}
SEARCHED = {name: entry for name, entry in HYPERPARAMETERS.items() if entry.searched}
RUNTIME = {name: entry for name, entry in HYPERPARAMETERS.items() if entry.runtime}


def config_of(fields: Mapping[str, Any]) -> Any:
    """Returns a base of configs with fields of these names and types, each None where not given."""
    return dataclasses.make_dataclass(
        "Fields",
        [(name, kind | None, None) for name, kind in fields.items()],
        bases=(Config,),
        frozen=True,
        kw_only=True,
    )


_Overrides: Any = config_of({name: entry.kind for name, entry in SEARCHED.items()})


class Overrides(_Overrides):
    """Values that hold for the Trainer whatever the search found; a field for each in `SEARCHED`.

    None leaves the choice to the search.
    """

    def as_dict(self) -> dict[str, Value]:
        """Returns the values that are not None."""
        values = dataclasses.asdict(self)
        return {name: value for name, value in values.items() if value is not None}


def with_values(config: TrainerConfig, values: Mapping[str, Any]) -> TrainerConfig:
    """Returns the config with the searched `values` put in; InputError where one is impossible."""
    for name, value in searched_values(values).items():
        config = _replaced(config, SEARCHED[name].place, value)
    return config


def searched_values(values: Mapping[str, Any]) -> dict[str, Value]:
    """Returns the searched hyper-parameters among `values`, in the order of the table."""
    return {name: entry.clean(values[name]) for name, entry in SEARCHED.items() if name in values}


def values_of(config: TrainerConfig) -> dict[str, Value | None]:
    """Returns the searched hyper-parameters that a config holds, in the order of the table.

    None stands for one without effect on the model: beta without a KL, gamma without a GAN.
    """
    return {
        name: entry.value_in(config) if entry.applies_to(config.model) else None
        for name, entry in SEARCHED.items()
    }


def reason_without_effect(name: str, model: ModelConfig) -> str:
    """Returns why a hyper-parameter has no effect on a model, "" where it has one."""
    entry = HYPERPARAMETERS[name]
    if entry.applies_to(model):
        return ""
    if entry.needs == "has_prior":
        return f"family {model.family}, which has no KL"
    others = [other for other, family in FAMILIES.items() if getattr(family, entry.needs)]
    return f"family {model.family}, only with {', '.join(others)}"


def _replaced(config: Any, place: tuple[str, ...], value: Value) -> Any:
    name, *rest = place
    inner = _replaced(getattr(config, name), tuple(rest), value) if rest else value
    try:
        return dataclasses.replace(config, **{name: inner})
    except InputError as error:
        raise InputError(f"{name}.{error}" if rest else str(error)) from None
