"""The hyper-parameters: their names, and their places in the trainer's config."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from data_prep.errors import InputError
from trainer.config import TrainerConfig

Value = int | float


# hyper-parameter -> its place in TrainerSettings
PLACES = {
    "beta": ("model", "beta"),
    "latent_dim": ("model", "latent_dim"),
    "learning_rate": ("train", "learning_rate"),
    "batch_size": ("train", "batch_size"),
    "width": ("model", "width"),
    "gamma": ("model", "gan", "gamma"),
}


WHOLE = ("latent_dim", "batch_size")


DIGITS = 6  # significant ones of a value: between processes it travels as a 32-bit number


@dataclasses.dataclass(frozen=True, kw_only=True)
class Overrides:
    """Values that hold for the Trainer whatever the search found."""

    beta: float | None = None
    latent_dim: int | None = None
    learning_rate: float | None = None
    batch_size: int | None = None
    width: float | None = None
    gamma: float | None = None

    def given(self) -> dict[str, Value]:
        found = dataclasses.asdict(self)
        return {name: value for name, value in found.items() if value is not None}


def with_values(settings: TrainerConfig, values: Mapping[str, Any]) -> TrainerConfig:
    """The settings with hyper-parameters put in; names that are none of ours are left out.

    Raises:
      InputError: where a value is impossible.
    """
    changed: Any = settings
    for name, place in PLACES.items():
        if name in values:
            changed = _replaced(changed, place, _clean(name, values[name]))
    return changed


def of_interest(values: Mapping[str, Any]) -> dict[str, Value]:
    """Those values that are hyper-parameters, in the order of `PLACES`."""
    return {name: _clean(name, values[name]) for name in PLACES if name in values}


def values_of(settings: TrainerConfig) -> dict[str, Value | None]:
    """The hyper-parameters that these settings hold, by the names in `PLACES`.

    None where the model has no use for it: beta without a KL, gamma without a GAN.
    """
    found: dict[str, Value | None] = {}
    for name, place in PLACES.items():
        value: Any = settings
        for part in place:
            value = getattr(value, part)
        found[name] = value
    if not settings.model.has_prior:
        found["beta"] = None
    if settings.model.family != "vae_gan":
        found["gamma"] = None
    return found


def _clean(name: str, value: Any) -> Value:
    return int(value) if name in WHOLE else float(f"{float(value):.{DIGITS}g}")


def _replaced(config: Any, place: tuple[str, ...], value: Value) -> Any:
    name, *rest = place
    inner = _replaced(getattr(config, name), tuple(rest), value) if rest else value
    try:
        return dataclasses.replace(config, **{name: inner})
    except InputError as error:
        raise InputError(f"{name}.{error}" if rest else str(error)) from None
