"""The table of metrics: titles, and how numbers compare with the baseline's."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from components.latent_evaluator.metrics.catalogue import table_rows
from components.latent_evaluator.metrics.registry import HIGH, INTERVAL, Row, value_at


class MetricRow(NamedTuple):
    """A row of the table, in words. change: from the baseline; verdict: better, worse, even."""

    name: str
    words: str
    value: str
    unit: str
    interval: str
    baseline: str
    baseline_interval: str
    mean_image: str
    change: str
    verdict: str


def table(
    candidate: dict[str, Any], baseline: dict[str, Any] | None
) -> list[tuple[str, list[MetricRow]]]:
    """Returns (title, rows) of each group, of what was measured."""
    groups = [
        (
            title,
            [
                _line(path, row, candidate, baseline)
                for path, row in rows
                if value_at(candidate, path) is not None
            ],
        )
        for title, rows in table_rows()
    ]
    return [(title, lines) for title, lines in groups if lines]


def headline(candidate: dict[str, Any], baseline: dict[str, Any] | None) -> list[MetricRow]:
    """Returns the few numbers at the top."""
    return [
        _line(path, row, candidate, baseline)
        for _, rows in table_rows()
        for path, row in rows
        if value_at(candidate, path) is not None
        and (row.headline or (row.stands_in_for and value_at(candidate, row.stands_in_for) is None))
    ]


def number(value: Any, form: str) -> str:
    """Returns a number in the given format with a true minus sign; "" for None."""
    if value is None:
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return "not finite"
    return format(int(value) if form.endswith("d") else value, form).replace("-", "\u2212")


def _line(
    path: str, row: Row, candidate: dict[str, Any], baseline: dict[str, Any] | None
) -> MetricRow:
    value = value_at(candidate, path)
    before = None if baseline is None else value_at(baseline, path)
    change, verdict = _change(row, value, before, value_at(candidate, path + INTERVAL))
    return MetricRow(
        name=row.title,
        words=row.words,
        value=number(value, row.form),
        unit=row.unit,
        interval=_interval(candidate, path, row),
        baseline=number(before, row.form),
        baseline_interval="" if baseline is None else _interval(baseline, path, row),
        mean_image=number(value_at(candidate, f"mean_image.{path}"), row.form),
        change=change,
        verdict=verdict,
    )


def _change(row: Row, value: Any, before: Any, interval: Any) -> tuple[str, str]:
    """Returns the change in words, and whether it is more than the interval allows."""
    if before is None or not row.better or not math.isfinite(value) or not math.isfinite(before):
        return "", ""
    gain = (value - before) * (1 if row.better == HIGH else -1)
    if not gain:
        return "the same", "even"
    size = number(abs(value - before), row.form)
    if interval and interval[0] <= before <= interval[1]:
        return f"{size} {'better' if gain > 0 else 'worse'}, within the interval", "even"
    return f"{size} {'better' if gain > 0 else 'worse'}", "better" if gain > 0 else "worse"


def _interval(metrics: dict[str, Any], path: str, row: Row) -> str:
    bounds = value_at(metrics, path + INTERVAL)
    if not bounds:
        return ""
    return " to ".join(number(bound, row.form) for bound in bounds)
