"""The search space: which values of which hyper-parameters may be tried.

Standard library only, so that a contradictory space is refused in milliseconds.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

from data_prep.errors import InputError
from data_prep.settings import require
from trainer.hparams import TrainerSettings

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
SCALES = ("linear", "log")
DIGITS = 6  # significant ones of a value: between processes it travels as a 32-bit number
_MOST_CHECKED = 4096


@dataclasses.dataclass(frozen=True, kw_only=True)
class Range:
    """The values of one hyper-parameter: `choices`, or everything from `min` to `max`.

    scale: `linear`, or `log`, where equal factors are equally likely.
    step: the distance between values on a linear scale; their factor on a log scale.
    """

    min: float | None = None
    max: float | None = None
    scale: str = "linear"
    step: float | None = None
    choices: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        require(self.scale in SCALES, "scale", self.scale, ", ".join(SCALES))
        if self.choices:
            require(
                self.min is None and self.max is None and self.step is None,
                "choices",
                list(self.choices),
                "choices, or min and max, but not both",
            )
            require(
                len(set(self.choices)) == len(self.choices)
                and all(map(math.isfinite, self.choices)),
                "choices",
                list(self.choices),
                "different numbers",
            )
            return
        for name in ("min", "max"):
            value = getattr(self, name)
            require(
                value is not None and math.isfinite(value), name, value, "a number, or use choices"
            )
        assert self.min is not None and self.max is not None
        require(self.min < self.max, "min", self.min, f"less than max, which is {self.max:g}")
        log = self.scale == "log"
        require(not log or self.min > 0, "min", self.min, "above 0 on a log scale")
        lowest = 1 if log else 0
        require(
            self.step is None or (math.isfinite(self.step) and self.step > lowest),
            "step",
            self.step,
            f"above {lowest} on a {self.scale} scale",
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """A range for each hyper-parameter to be searched; the others stay as configured."""

    beta: Range | None = None
    latent_dim: Range | None = None
    learning_rate: Range | None = None
    batch_size: Range | None = None
    width: Range | None = None
    gamma: Range | None = None

    def __post_init__(self) -> None:
        for name, values in self.ranges().items():
            if name in WHOLE:
                for key in ("choices", "min", "max", "step"):
                    given = getattr(values, key)
                    numbers = given if key == "choices" else [] if given is None else [given]
                    log_step = key == "step" and values.scale == "log"
                    whole = all(float(number).is_integer() for number in numbers)
                    require(whole or log_step, f"{name}.{key}", given, "whole numbers")

    def ranges(self) -> dict[str, Range]:
        """Those that are searched, in the order of `PLACES`."""
        found = {name: getattr(self, name) for name in PLACES}
        return {name: values for name, values in found.items() if values is not None}


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


def with_values(settings: TrainerSettings, values: Mapping[str, Any]) -> TrainerSettings:
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


def values_of(settings: TrainerSettings) -> dict[str, Value | None]:
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


def check_space(space: SearchSpace, settings: TrainerSettings) -> None:
    """Refuses a space with nothing to search, or with values that the settings cannot take.

    Raises:
      InputError: naming the range, the value and what is allowed; below the key `space`.
    """
    ranges, model = space.ranges(), settings.model
    require(bool(ranges), "space", {}, f"a range for one or more of {', '.join(PLACES)}")
    require(
        any(len(values.choices) != 1 for values in ranges.values()),
        "space",
        {name: list(values.choices) for name, values in ranges.items()},
        "more than one combination of values",
    )
    meaningless = {
        "beta": "" if model.has_prior else f"family {model.family}, which has no KL",
        "gamma": "" if model.family == "vae_gan" else f"family {model.family}, only with vae_gan",
    }
    for name, reason in meaningless.items():
        if name in ranges and reason:
            raise InputError(f"space.{name}: not to be searched with {reason}")
    resized = [name for name in ("latent_dim", "width") if name in ranges]
    if settings.train.warm_start and resized:
        raise InputError(
            f"space.{resized[0]}: not to be searched with train.warm_start, whose weights have "
            "one shape"
        )
    for name, values in ranges.items():
        for value in _examples(name, values):
            try:
                with_values(settings, {name: value})
            except InputError as error:
                raise InputError(f"space.{name}: {error}") from None


def _examples(name: str, values: Range) -> Iterator[Value]:
    """Every value where they can be counted; the ends of a range otherwise."""
    if values.choices:
        yield from values.choices
        return
    assert values.min is not None and values.max is not None
    yield values.min
    yield values.max
    if values.step is not None:
        value = values.min
        for _ in range(_MOST_CHECKED):
            value = value * values.step if values.scale == "log" else value + values.step
            if value > values.max:
                return
            yield value
    elif name in WHOLE and values.max - values.min <= _MOST_CHECKED:
        yield from range(int(values.min), int(values.max))


def _clean(name: str, value: Any) -> Value:
    return int(value) if name in WHOLE else float(f"{float(value):.{DIGITS}g}")


def _replaced(config: Any, place: tuple[str, ...], value: Value) -> Any:
    name, *rest = place
    inner = _replaced(getattr(config, name), tuple(rest), value) if rest else value
    try:
        return dataclasses.replace(config, **{name: inner})
    except InputError as error:
        raise InputError(f"{name}.{error}" if rest else str(error)) from None
