"""The registry of metrics: one declaration feeds everything that knows of a metric.

`@metric` on a function of an `EvaluatedModel` puts its value into metrics.json, its rows into
the report's table and, where it declares a threshold, its words into the verdict.
docs/evaluation.md holds the table that `as_markdown` returns; a test compares them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

HIGH, LOW, NEITHER = "high", "low", ""  # the good end of a number
LIKELIHOOD, RECONSTRUCTIONS, SAMPLES = "Likelihood", "Reconstructions", "Samples of the prior"
LATENT_SPACE, CONDITION, FACTORS = "Latent space", "Condition", "Known factors"
GROUPS = (LIKELIHOOD, RECONSTRUCTIONS, SAMPLES, LATENT_SPACE, CONDITION, FACTORS)  # of the table
JUDGED_GROUPS = (LATENT_SPACE, LIKELIHOOD, RECONSTRUCTIONS, SAMPLES)  # in the order of reasons
INTERVAL = "_interval"  # added to the name of a number

Values = dict[str, Any]  # the metrics of a model, as metrics.json holds them


class Measurement(NamedTuple):
    """The outcome of a metric for one model.

    value: anything that JSON holds.
    interval: its 95 % interval (low, high).
    draws: the value under each resample of the images, float64 [resamples]. Resamples are the same
      for all models of a run, so the difference of two models' draws is that of pairs.
    """

    value: Any
    interval: Sequence[float] | None = None
    draws: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the report's table.

    form: a format specification; empty of a truth value.
    better: HIGH or LOW, the good end; NEITHER: changes are not called better or worse.
    words: what the number says.
    part: the place of the number within the metric's value, levels apart by dots; empty: the
      value itself.
    chance: the place in all the metrics of what knowing nothing would score.
    headline: whether it is among the few numbers at the top of the report.
    stands_in_for: the key of the metric that it stands in for at the top, where a model has none.
    sliced: whether it is a column of the tables of slices.
    """

    title: str
    form: str
    better: str = NEITHER
    words: str = ""
    _: dataclasses.KW_ONLY
    unit: str = ""
    part: str = ""
    chance: str = ""
    headline: bool = False
    stands_in_for: str = ""
    sliced: bool = False


class Check(NamedTuple):
    """The outcome of a threshold, and the sentence that stands in the verdict."""

    passed: bool
    words: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """The numbers that a threshold looks at.

    metrics: of the model in question. config: the `EvaluationConfig`.
    baseline: metrics of the blessed model on the same images; None where nothing is compared.
    difference: interval of the nats that an image costs more than with the baseline; None: it
      is taken as exact.
    """

    metrics: Values
    config: Any
    baseline: Values | None = None
    difference: tuple[float, float] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Threshold:
    """A condition of the blessing.

    limit: a field of `EvaluationConfig`, or the number itself.
    check: called with the value, the limit and all else that may matter; None: not judged.
    relative: whether it compares with the blessed model, which is done only where all the
      absolute thresholds are met.
    """

    limit: str | float
    check: Callable[[Any, float, Judged], Check | None]
    relative: bool = False

    def limit_of(self, config: Any) -> float:
        return getattr(config, self.limit) if isinstance(self.limit, str) else self.limit


def at_most(limit: str | float, words: str, refused: str = "") -> Threshold:
    """Returns the threshold of a number that may not exceed its limit.

    Args:
      limit: a field of `EvaluationConfig`, or the number itself.
      words: a format string of `value`, `limit` and every other metric by its key.
      refused: stands before the words where the limit is exceeded.
    """
    return Threshold(limit=limit, check=_comparison(lambda a, b: a <= b, words, refused))


def at_least(limit: str | float, words: str, refused: str = "") -> Threshold:
    """Returns the threshold of a number that may not be below its limit; see `at_most`."""
    return Threshold(limit=limit, check=_comparison(lambda a, b: a >= b, words, refused))


def _comparison(
    holds: Callable[[float, float], bool], words: str, refused: str
) -> Callable[[Any, float, Judged], Check]:
    def check(value: Any, limit: float, judged: Judged) -> Check:
        passed = bool(holds(value, limit))
        sentence = words.format_map({**judged.metrics, "value": value, "limit": limit})
        return Check(passed, sentence if passed else refused + sentence)

    return check


@dataclasses.dataclass(frozen=True)
class Metric:
    """A registered metric; see `metric`."""

    key: str
    compute: Callable[[Any], Measurement]
    group: str
    rows: tuple[Row, ...]
    needs: tuple[str, ...]
    threshold: Threshold | None

    def measure(self, model: Any) -> Values:
        """Returns the entries of metrics.json: `key`, and `key`_interval where there is one.

        Draws go into `model.draws`, by key.
        """
        needed = [getattr(model, name) for name in self.needs]
        if any(value is None or value is False for value in needed):
            return {self.key: None}
        value, interval, draws = self.compute(model)
        if draws is not None:
            model.draws[self.key] = draws
        if interval is None:
            return {self.key: value}
        return {self.key: value, self.key + INTERVAL: list(interval)}

    def path(self, row: Row) -> str:
        """Returns the place of a row's number in the metrics, levels apart by dots."""
        return f"{self.key}.{row.part}" if row.part else self.key


METRICS: dict[str, Metric] = {}


def metric(
    key: str, *rows: Row, group: str, needs: Sequence[str] = (), threshold: Threshold | None = None
) -> Callable[[Callable[[Any], Measurement]], Callable[[Any], Measurement]]:
    """Registers the decorated function, which measures an `EvaluatedModel`, as a metric.

    Args:
      key: its name in metrics.json; ValueError where another metric has it.
      rows: its rows in the report; none: it is in metrics.json alone.
      group: the part of the report's table that the rows stand in, one of GROUPS or a new one,
        which comes after those.
      needs: attributes of `EvaluatedModel`. Where one is None or False the metric is None and
        the function is not called.
      threshold: what a model must meet to be blessed.
    """

    def register(compute: Callable[[Any], Measurement]) -> Callable[[Any], Measurement]:
        if key in METRICS:
            raise ValueError(f"there is a metric {key} already")
        METRICS[key] = Metric(
            key, compute, group=group, rows=rows, needs=tuple(needs), threshold=threshold
        )
        return compute

    return register


def measure(model: Any) -> Values:
    """Returns every registered metric of an `EvaluatedModel`, as metrics.json holds them."""
    values: Values = {}
    for each in METRICS.values():
        values |= each.measure(model)
    return values


def _by_group(order: Sequence[str]) -> Iterator[tuple[str, list[Metric]]]:
    """Yields (group, metrics): the groups in that order, then others as they were declared."""
    for group in dict.fromkeys((*order, *(each.group for each in METRICS.values()))):
        yield group, [each for each in METRICS.values() if each.group == group]


def table_rows() -> Iterator[tuple[str, list[tuple[str, Row]]]]:
    """Yields the groups of the report's table: a title, and (place in the metrics, row) pairs."""
    for title, metrics in _by_group(GROUPS):
        rows = [(each.path(row), row) for each in metrics for row in each.rows]
        if rows:
            yield title, rows


def check_thresholds(judged: Judged, *, relative: bool) -> Iterator[Check]:
    """Yields the outcomes of the absolute or the relative thresholds, where there is a number."""
    for each in (each for _, metrics in _by_group(JUDGED_GROUPS) for each in metrics):
        value, threshold = judged.metrics.get(each.key), each.threshold
        if value is None or threshold is None or threshold.relative != relative:
            continue
        outcome = threshold.check(value, threshold.limit_of(judged.config), judged)
        if outcome is not None:
            yield outcome


def not_finite(values: Values) -> list[str]:
    """Returns the sorted names of the numbers that are NaN or infinite."""
    return sorted(
        name
        for name, value in values.items()
        if isinstance(value, float) and not math.isfinite(value)
    )


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """Returns the number at a place such as `nearest_train.memorised`; None where there is none."""
    value: Any = values
    for name in path.split("."):
        if not isinstance(value, Mapping) or value.get(name) is None:
            return None
        value = value[name]
    return value


def as_markdown() -> str:
    """Returns the table of all metrics for docs/evaluation.md."""
    lines = ["| key | in the report | better | threshold |", "| --- | --- | --- | --- |"]
    for each in (each for _, metrics in _by_group(GROUPS) for each in metrics):
        limit = f"`{each.threshold.limit}`" if each.threshold else ""
        if not each.rows:
            lines.append(f"| `{each.key}` | | | {limit} |")
        for row in each.rows:
            title = f"{each.group}: {row.title}{f', {row.unit}' if row.unit else ''}"
            lines.append(f"| `{each.path(row)}` | {title} | {row.better} | {limit} |")
    return "\n".join(lines).replace("|  |", "| |").replace("|  |", "| |") + "\n"
