"""The `tuner` section of a config: the search space, the search, and what neither may ask for.

Standard library only, so that a contradictory search is refused in milliseconds.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from typing import Annotated, Any

from data_prep.config_base import Above, AtLeast, Between, Config, OneOf, parse, require, to_dict
from data_prep.errors import InputError
from trainer.config import TrainerConfig
from trainer.config.hyperparameters import (
    SEARCHED,
    Overrides,
    Value,
    config_of,
    reason_without_effect,
    with_values,
)
from trainer.data.shape import DataShape

# name -> True where larger is better; see trainer.tuning.objective for what they are
OBJECTIVES = {
    "samples_and_reconstruction": False,
    "val_elbo": True,
    "cfid": False,
    "attribute_auc": True,
    "distortion_at_rate": False,
}
# and overrides
CHANGES_NO_TRIAL = (
    "enabled", "max_trials", "parallel_trials", "trial_minutes", "repeat_best", "repeat_seeds",
)  # fmt: skip
NEED_PRIOR = ("val_elbo", "distortion_at_rate")
FRACTION = "a fraction above 0, at most 1"
_MOST_CHECKED = 4096


@dataclasses.dataclass(frozen=True, kw_only=True)
class Range(Config):
    """The values of one hyper-parameter: `choices`, or everything from `min` to `max`.

    scale: `linear`, or `log`, where equal factors are equally likely.
    step: the distance between values on a linear scale; their factor on a log scale.
    """

    min: float | None = None
    max: float | None = None
    scale: Annotated[str, OneOf(("linear", "log"))] = "linear"
    step: float | None = None
    choices: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.choices:
            alone = self.min is None and self.max is None and self.step is None
            words = "choices, or min and max, but not both"
            require(alone, "choices", list(self.choices), words)
            distinct = len(set(self.choices)) == len(self.choices)
            finite = all(map(math.isfinite, self.choices))
            require(distinct and finite, "choices", list(self.choices), "different numbers")
            return
        for name in ("min", "max"):
            value = getattr(self, name)
            finite = value is not None and math.isfinite(value)
            require(finite, name, value, "a number, or use choices")
        assert self.min is not None and self.max is not None
        require(self.min < self.max, "min", self.min, f"less than max, which is {self.max:g}")
        log = self.scale == "log"
        require(not log or self.min > 0, "min", self.min, "above 0 on a log scale")
        if self.step is not None:
            lowest = 1 if log else 0
            allowed = f"above {lowest} on a {self.scale} scale"
            require(lowest < self.step < math.inf, "step", self.step, allowed)

    def require_whole(self, name: str) -> None:
        """Refuses values of the hyper-parameter `name` that are not whole numbers.

        The step of a log scale is a factor, which may be any number.
        """
        whole = not any(value % 1 for value in self.choices)
        require(whole, f"{name}.choices", self.choices, "whole numbers")
        for key in ("min", "max", "step") if self.scale == "linear" else ("min", "max"):
            value = getattr(self, key)
            require(not (value or 0) % 1, f"{name}.{key}", value, "whole numbers")

    def examples(self, *, whole: bool) -> Iterator[Value]:
        """Yields every value where they can be counted; the ends of a range otherwise."""
        if self.choices:
            yield from self.choices
            return
        assert self.min is not None and self.max is not None
        yield self.min
        yield self.max
        if self.step is not None:
            value = self.min
            for _ in range(_MOST_CHECKED):
                value = value * self.step if self.scale == "log" else value + self.step
                if value > self.max:
                    return
                yield value
        elif whole and self.max - self.min <= _MOST_CHECKED:
            yield from range(int(self.min), int(self.max))


_SearchSpace: Any = config_of(dict.fromkeys(SEARCHED, Range))


class SearchSpace(_SearchSpace):
    """A `Range` for each hyper-parameter to be searched; a field for each in `SEARCHED`.

    The others, whose field is None, stay as configured.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, values in self.ranges().items():
            if SEARCHED[name].is_whole:
                values.require_whole(name)

    def ranges(self) -> dict[str, Range]:
        """Returns the ranges that are not None, in the order of the table."""
        ranges = {name: getattr(self, name) for name in SEARCHED}
        return {name: values for name, values in ranges.items() if values is not None}


@dataclasses.dataclass(frozen=True, kw_only=True)
class TunerConfig(Config):
    """A search: its space, its algorithm, and the measure that makes one trial the best.

    objective: one of `OBJECTIVES`. None contains beta, so beta cannot choose itself.
    reconstruction_weight: of the reconstruction error beside the distance of samples, each
      relative to what a mean image scores, in `samples_and_reconstruction`.
    rate: nats of KL that `distortion_at_rate` allows.
    max_trials: also of a search that was finished before with fewer.
    initial_trials: random ones, before `bayesian` has a model of the objective.
    epochs: of each trial; with `hyperband` of the longest.
    hyperband_factor: of epochs and of trials between one round and the next.
    data_fraction: of the train split that trials learn from.
    eval_images: of the eval split that trials are measured on, at most.
    projections: random directions of the sliced Wasserstein distance.
    parallel_trials: processes that train at the same time.
    trial_minutes: after that a trial has failed; 0: no limit.
    repeat_best: how many of the best trials are trained again with other seeds; 0: none.
    repeat_seeds: other seeds for each of them; 0: none.
    noise: standard deviation of a score between trainings with equal values, which `bayesian`
      allows for at least; None: it judges by the scores of the trials alone.
    best_hyperparameters: URI of an earlier search's artifact, to train with without searching.
    overrides: hold for the Trainer whatever the search found.
    space: replaces the default of beta and learning_rate.
    """

    enabled: bool = False
    algorithm: Annotated[str, OneOf(("bayesian", "hyperband", "random"))] = "bayesian"
    objective: Annotated[str, OneOf(OBJECTIVES)] = "samples_and_reconstruction"
    reconstruction_weight: Annotated[float, AtLeast(0)] = 1.0
    rate: Annotated[float, Above(0)] = 20.0
    max_trials: Annotated[int, Between(1, 10_000)] = 20
    initial_trials: Annotated[int, Between(1, 10_000)] = 6
    epochs: Annotated[int, Between(1, 100_000)] = 5
    hyperband_factor: Annotated[int, Between(2, 100)] = 3
    data_fraction: Annotated[float, Above(0, FRACTION), Between(0, 1, FRACTION)] = 1.0
    eval_images: Annotated[int, Between(10, 1_000_000)] = 2000
    projections: Annotated[int, Between(1, 100_000)] = 256
    seed: Annotated[int, Between(0, 2**31 - 2)] = 0  # keras-tuner gets the number after it
    parallel_trials: Annotated[int, Between(1, 256)] = 1
    trial_minutes: Annotated[float, AtLeast(0)] = 0.0
    repeat_best: Annotated[int, Between(0, 100, "0 (none) to 100 trials")] = 3
    repeat_seeds: Annotated[int, Between(0, 100, "0 (none) to 100 other seeds")] = 2
    noise: Annotated[float | None, AtLeast(0)] = None
    best_hyperparameters: str = ""
    overrides: Overrides = dataclasses.field(default_factory=Overrides)
    space: SearchSpace = dataclasses.field(
        default_factory=lambda: SearchSpace(
            beta=Range(min=0.1, max=10, scale="log"),
            learning_rate=Range(min=3e-4, max=3e-3, scale="log"),
        )
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        given = self.best_hyperparameters
        words = "nothing with enabled: true, which finds its own"
        require(not (self.enabled and given), "best_hyperparameters", given, words)

    @property
    def in_use(self) -> bool:
        """True where the Trainer gets hyper-parameters, of this search or of an earlier one."""
        return self.enabled or bool(self.best_hyperparameters)

    def of_trials(self) -> TunerConfig:
        """Returns the config without what changes no trial: a search with more trials goes on."""
        defaults = {name: getattr(TunerConfig, name) for name in CHANGES_NO_TRIAL}
        return dataclasses.replace(self, overrides=Overrides(), **defaults)

    def trial_config(self, config: TrainerConfig) -> TrainerConfig:
        """Returns the config of every trial, but for the hyper-parameters that are searched."""
        off: dict[str, Any] = {"early_stopping_patience": 0, "warm_start": False, "pictures": False}
        train = dataclasses.replace(config.train, epochs=self.epochs, trackers=(), **off)
        return dataclasses.replace(config, train=train)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchSpec:
    """The description of a search that its processes share.

    directory: of the search, shared by all processes.
    arrays: a directory of this machine; see `trainer.tuning.trial_data`.
    config: of every trial, but for what is searched.
    """

    directory: str
    arrays: str
    config: TrainerConfig
    tuner: TunerConfig

    def to_json(self) -> str:
        return json.dumps(to_dict(self))

    @classmethod
    def from_json(cls, text: str) -> SearchSpec:
        return parse(cls, json.loads(text), "search_spec")


def check_space(space: SearchSpace, config: TrainerConfig) -> None:
    """Refuses a space with nothing to search, or with values that the config cannot take."""
    ranges = space.ranges()
    require(bool(ranges), "space", {}, f"a range for one or more of {', '.join(SEARCHED)}")
    choices = {name: list(values.choices) for name, values in ranges.items()}
    several = any(len(values) != 1 for values in choices.values())
    require(several, "space", choices, "more than one combination of values")
    for name in ranges:
        reason = reason_without_effect(name, config.model)
        if reason:
            raise InputError(f"space.{name}: not to be searched with {reason}")
    reshaping = [name for name in ranges if SEARCHED[name].reshapes]
    if config.train.warm_start and reshaping:
        raise InputError(
            f"space.{reshaping[0]}: not to be searched with train.warm_start, whose weights have "
            "one shape"
        )
    for name, values in ranges.items():
        for value in values.examples(whole=SEARCHED[name].is_whole):
            try:
                with_values(config, {name: value})
            except InputError as error:
                raise InputError(f"space.{name}: {error}") from None


def check_tuner(tuner: TunerConfig, config: TrainerConfig, shape: DataShape | None = None) -> None:
    """Refuses a search that the config of its trials or the data makes impossible.

    `shape` is None where the data is not known yet.
    """
    overrides = tuner.overrides.as_dict()
    try:
        with_values(config, overrides)
    except InputError as error:
        raise InputError(f"tuner.overrides: {error}") from None
    if not tuner.enabled:
        words = "nothing without a search or best_hyperparameters"
        require(tuner.in_use or not overrides, "tuner.overrides", overrides, words)
        return
    try:
        check_space(tuner.space, config)
    except InputError as error:
        raise InputError(f"tuner.{error}") from None
    key, objective = "tuner.objective", tuner.objective
    objectives = [name for name in OBJECTIVES if config.model.has_prior or name not in NEED_PRIOR]
    words = f"{', '.join(objectives)} with family {config.model.family}, which has no KL"
    require(objective in objectives, key, objective, words)
    named = shape is None or shape.labelled or bool(shape.attributes)
    words = f"{', '.join(OBJECTIVES)}, but this one only with data that has labels or attributes"
    require(named or objective != "attribute_auc", key, objective, words)
