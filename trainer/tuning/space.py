"""The search space: which values of which hyper-parameters may be tried.

Standard library only, so that a contradictory space is refused in milliseconds.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

from data_prep.config_base import require
from data_prep.errors import InputError
from trainer.config import TrainerConfig
from trainer.hyperparameters import PLACES, WHOLE, Value, with_values

SCALES = ("linear", "log")
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


def check_space(space: SearchSpace, settings: TrainerConfig) -> None:
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
