"""The conditions of a blessing that metrics declare: on a model alone, and beside another one.

A metric names them in its declaration (`registry.metric`); `blessing.judge` applies them all.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from components.latent_evaluator.metrics.non_inferiority import Comparison, round_up

HIGH, LOW, NEITHER = "high", "low", ""  # the good end of a number
Values = dict[str, Any]  # the metrics of a model, as metrics.json holds them


class Check(NamedTuple):
    """The outcome of a condition.

    words: the sentence that stands in the verdict.
    gate, value, limit: a line of the report's table: the condition in a few words, the model's
      number, and what it has to keep to.
    outcome: one of `non_inferiority`'s; empty: by `passed`.
    meaning: what the number says.
    beside, other, bound: of a comparison: the title of the other model, its number, and how much
      worse the model is at most.
    """

    passed: bool
    words: str
    gate: str = ""
    value: str = ""
    limit: str = ""
    outcome: str = ""
    meaning: str = ""
    beside: str = ""
    other: str = ""
    bound: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """The numbers of a model that conditions look at.

    metrics, draws: see `EvaluatedModel`. config: the `EvaluationConfig`.
    title: of a model that another is beside, in the sentences of a verdict.
    """

    metrics: Values
    config: Any
    draws: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    title: str = ""

    def images(self, sampled: bool) -> int:
        """Returns the number of images behind a draw, at least 2: those of the split, or of them
        and the samples the fewer."""
        count = min(int(self.metrics.get("count") or 2), self.config.max_images)
        return max(2, min(count, self.config.samples) if sampled else count)

    def needed(self, times: float, sampled: bool) -> str:
        """Returns how many images there are, and that so many times as many would do."""
        if math.isinf(times):
            return "no number of images shows that nothing at all was lost"
        sizes = [(self.images(sampled=False), "images")]
        sizes += [(self.config.samples, "samples")] * sampled
        there = " and ".join(f"{size:,} {kind}" for size, kind in sizes)
        enough = " and ".join(f"{round_up(size * times):,} {kind}" for size, kind in sizes)
        return f"there are {there}, and about {enough} are needed"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Threshold:
    """A condition on a model alone.

    limit: a field of `EvaluationConfig`, or the number itself. None there: not judged.
    check: called with the value, the limit and all else that may matter; None: not judged.
    gate: the condition in a few words; empty: what the metric's first row is called.
    bound: stands before the limit in the report's table.
    """

    limit: str | float
    check: Callable[[Any, float, Judged], Check | None]
    gate: str = ""
    bound: str = ""

    def limit_of(self, config: Any) -> float | None:
        return getattr(config, self.limit) if isinstance(self.limit, str) else self.limit


def at_most(limit: str | float, words: str, refused: str = "", gate: str = "") -> Threshold:
    """Returns the condition that a number may not exceed its limit.

    Args:
      limit: a field of `EvaluationConfig`, or the number itself.
      words: a format string of `value`, `limit` and every other metric by its key.
      refused: stands before the words where the limit is exceeded.
      gate: see `Threshold`.
    """
    check = _holding(lambda a, b: a <= b, words, refused)
    return Threshold(limit=limit, check=check, gate=gate, bound="at most ")


def at_least(limit: str | float, words: str, refused: str = "", gate: str = "") -> Threshold:
    """Returns the condition that a number may not be below its limit; see `at_most`."""
    check = _holding(lambda a, b: a >= b, words, refused)
    return Threshold(limit=limit, check=check, gate=gate, bound="at least ")


def _holding(
    holds: Callable[[float, float], bool], words: str, refused: str
) -> Callable[[Any, float, Judged], Check]:
    def check(value: Any, limit: float, judged: Judged) -> Check:
        passed = bool(holds(value, limit))
        sentence = words.format_map({**judged.metrics, "value": value, "limit": limit})
        return Check(passed, sentence if passed else refused + sentence)

    return check


@dataclasses.dataclass(frozen=True, kw_only=True)
class Beside:
    """A number of a model beside that of a reference, in the words of a verdict.

    number: what is compared, e.g. `KID of samples`.
    value, other: the two numbers, with their unit.
    amount: returns `worse` and `margin` of the comparison in words.
    sampled: whether samples of the prior are behind it, besides images of the split.
    """

    comparison: Comparison
    number: str
    value: str
    other: str
    amount: Callable[[float], str]
    sampled: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class NonInferior:
    """A condition on a model beside another: it is shown to be worse by no more than a margin.

    limit: the field of `EvaluationConfig` that holds the margin. None there: not judged.
    compare: called with the model, the reference and the margin; None: nothing to compare.
    unless: the key of a metric: a model that has it is judged by that one instead; or empty.
    sampled: whether it is on samples of the prior.
    """

    limit: str
    compare: Callable[[Judged, Judged, float], Beside | None]
    unless: str = ""
    sampled: bool = False


Condition = Threshold | NonInferior


def has_prior(judged: Judged) -> bool:
    """Returns false for an autoencoder, whose samples are of no prior and are not judged."""
    return (judged.metrics.get("likelihood") or {}).get("posterior", True)


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """Returns the number at a place such as `nearest_train.memorised`; None where there is none."""
    value: Any = values
    for name in path.split("."):
        if not isinstance(value, Mapping) or value.get(name) is None:
            return None
        value = value[name]
    return value


def not_finite(values: Values) -> list[str]:
    """Returns the sorted names of the numbers that are NaN or infinite."""
    return sorted(
        name
        for name, value in values.items()
        if isinstance(value, float) and not math.isfinite(value)
    )
