"""The registry of metrics: one declaration feeds everything that knows of a metric.

`@metric` on a function of an `EvaluatedModel` puts its value into metrics.json, its rows into
the report's table and, where it declares a threshold, its words into the verdict.
docs/evaluation.md holds the table that `as_markdown` returns; a test compares them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from components.latent_evaluator.metrics.thresholds import (  # noqa: F401
    HIGH,
    LOW,
    NEITHER,
    Check,
    Condition,
    Judged,
    NonInferior,
    Threshold,
    Values,
    at_least,
    at_most,
    not_finite,
    value_at,
)

LIKELIHOOD, RECONSTRUCTIONS, SAMPLES = "Likelihood", "Reconstructions", "Samples of the prior"
LATENT_SPACE, CONDITION, FACTORS = "Latent space", "Condition", "Known factors"
GROUPS = (LIKELIHOOD, RECONSTRUCTIONS, SAMPLES, LATENT_SPACE, CONDITION, FACTORS)  # of the table
JUDGED_GROUPS = (LATENT_SPACE, LIKELIHOOD, RECONSTRUCTIONS, SAMPLES)  # in the order of reasons
INTERVAL = "_interval"  # added to the name of a number
C = TypeVar("C", Threshold, NonInferior)


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


@dataclasses.dataclass(frozen=True)
class Metric:
    """A registered metric; see `metric`."""

    key: str
    compute: Callable[[Any], Measurement]
    group: str
    rows: tuple[Row, ...]
    needs: tuple[str, ...]
    conditions: tuple[Condition, ...]

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
    key: str,
    *rows: Row,
    group: str,
    needs: Sequence[str] = (),
    threshold: Condition | Sequence[Condition] | None = None,
) -> Callable[[Callable[[Any], Measurement]], Callable[[Any], Measurement]]:
    """Registers the decorated function, which measures an `EvaluatedModel`, as a metric.

    Args:
      key: its name in metrics.json; ValueError where another metric has it.
      rows: its rows in the report; none: it is in metrics.json alone.
      group: the part of the report's table that the rows stand in, one of GROUPS or a new one,
        which comes after those.
      needs: attributes of `EvaluatedModel`. Where one is None or False the metric is None and
        the function is not called.
      threshold: what a model must meet to be blessed, one condition or several.
    """
    if threshold is None or isinstance(threshold, Threshold | NonInferior):
        threshold = () if threshold is None else (threshold,)
    conditions = tuple(threshold)

    def register(compute: Callable[[Any], Measurement]) -> Callable[[Any], Measurement]:
        if key in METRICS:
            raise ValueError(f"there is a metric {key} already")
        METRICS[key] = Metric(
            key, compute, group=group, rows=rows, needs=tuple(needs), conditions=conditions
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


def all_conditions(kind: type[C]) -> Iterator[tuple[Metric, C]]:
    """Yields the conditions of a kind with their metrics, in the order of a verdict."""
    for each in (each for _, metrics in _by_group(JUDGED_GROUPS) for each in metrics):
        yield from ((each, one) for one in each.conditions if isinstance(one, kind))


def check_thresholds(judged: Judged) -> Iterator[Check]:
    """Yields the outcomes of the conditions on a model alone, where it has the number."""
    for each, threshold in all_conditions(Threshold):
        value = judged.metrics.get(each.key)
        limit = None if value is None else threshold.limit_of(judged.config)
        found = None if limit is None else threshold.check(value, limit, judged)
        if found is not None and limit is not None:
            yield _with_gate(found, threshold, each, value, limit)


def _with_gate(check: Check, threshold: Threshold, of: Metric, value: Any, limit: float) -> Check:
    """Returns a check with what the report's table lacks, as the metric's first row writes it."""
    row = next(iter(of.rows), None)
    check = check._replace(
        gate=check.gate or threshold.gate or (row.title if row else of.key),
        meaning=row.words if row else "",
    )
    if row is None or row.part or check.value or check.limit:
        return check
    bound = threshold.bound + format(limit, row.form)
    return check._replace(value=format(value, row.form), limit=bound)


def as_markdown() -> str:
    """Returns the table of all metrics for docs/evaluation.md."""
    lines = ["| key | in the report | better | threshold |", "| --- | --- | --- | --- |"]
    for each in (each for _, metrics in _by_group(GROUPS) for each in metrics):
        limit = ", ".join(f"`{one.limit}`" for one in each.conditions)
        if not each.rows:
            lines.append(f"| `{each.key}` | | | {limit} |")
        for row in each.rows:
            title = f"{each.group}: {row.title}{f', {row.unit}' if row.unit else ''}"
            lines.append(f"| `{each.path(row)}` | {title} | {row.better} | {limit} |")
    return "\n".join(lines).replace("|  |", "| |").replace("|  |", "| |") + "\n"
