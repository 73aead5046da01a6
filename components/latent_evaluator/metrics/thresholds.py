"""The conditions of a blessing that metrics declare: on a model alone, and beside another one.

A metric names them in its declaration (`registry.metric`); `blessing.judge` applies them all.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from components.latent_evaluator.metrics.non_inferiority import Comparison

HIGH, LOW, NEITHER = "high", "low", ""  # the good end of a number
Values = dict[str, Any]  # the metrics of a model, as metrics.json holds them


class Check(NamedTuple):
    """The outcome of a condition.

    words: the sentence that stands in the verdict.
    gate, value, limit: a line of the report's table: the condition in a few words, the model's
      number, and what it has to keep to.
    outcome: one of `non_inferiority`'s; empty: by `passed`.
    """

    passed: bool
    words: str
    gate: str = ""
    value: str = ""
    limit: str = ""
    outcome: str = ""


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
    """

    limit: str
    compare: Callable[[Judged, Judged, float], Beside | None]


Condition = Threshold | NonInferior


def non_inferior(
    path: str,
    limit: str,
    better: str,
    number: str,
    form: str,
    *,
    relative: bool = False,
    unless: str = "",
) -> NonInferior:
    """Returns the condition on a number of the samples of the prior.

    Args:
      path: the place of the number in the metrics, levels apart by dots. Its draws are the
        metric's.
      limit: the field of `EvaluationConfig` that holds the margin.
      better: HIGH or LOW, the good end of the number.
      number: what it is called in the verdict.
      form: its format specification.
      relative: whether the margin is a fraction of the reference's number.
      unless: the key of a metric where a model has which this one is not judged; or empty.
    """
    sign = 1 if better == LOW else -1

    def amount(x: float) -> str:
        return format(x, form)

    def compare(new: Judged, old: Judged, margin: float) -> Beside | None:
        values = [value_at(each.metrics, path) for each in (new, old)]
        draws = [each.draws.get(path.partition(".")[0]) for each in (new, old)]
        if None in values or not np.isfinite(values).all() or new.metrics.get(unless) is not None:
            return None
        one, other = (np.asarray(each, np.float64) for each in draws)
        comparison = Comparison.of(
            worse=sign * (values[0] - values[1]),
            margin=margin * values[1] if relative else margin,
            slack=(margin * other if relative else margin) - sign * (one - other),
            images=new.images(sampled=True),
        )
        return Beside(
            comparison=comparison,
            number=number,
            value=amount(values[0]),
            other=amount(values[1]),
            amount=amount,
            sampled=True,
        )

    return NonInferior(limit=limit, compare=compare)


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
