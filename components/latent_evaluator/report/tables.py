"""Tables of a report: metrics, slices, attribute vectors and the data card."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from components.latent_evaluator.metrics.catalogue import table_rows
from components.latent_evaluator.metrics.registry import HIGH, INTERVAL, Row, value_at
from components.latent_evaluator.report.charts import Bar
from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from data_prep.manifest import Manifest

MOST_SLICES = 60


class MetricRow(NamedTuple):
    """A row of the table, in words.

    chance: what knowing nothing scores. change: from the baseline; verdict: better, worse, even.
    """

    name: str
    words: str
    value: str
    unit: str
    interval: str
    chance: str
    baseline: str
    baseline_interval: str
    mean_image: str
    change: str
    verdict: str


def metrics(
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
    """Returns a number in the given format with a true minus sign; "" for None, yes or no for a
    truth value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
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
        chance=number(value_at(candidate, row.chance), row.form) if row.chance else "",
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


class Slices(NamedTuple):
    """A table by label, country or attribute. share: of the longest PSNR bar, 0 to 1."""

    kind: str
    columns: list[str]
    rows: list[tuple[str, str, list[str], float]]  # name, images, cells, share
    hidden: int


def slices(kinds: dict[str, dict[str, dict[str, Any]]]) -> list[Slices]:
    """Returns a table for each kind with more than one part, the worst PSNR first.

    Args:
      kinds: scores by kind (label, attribute, country) and name.
    """
    tables = []
    for kind, named in kinds.items():
        parts = {name: part for name, part in named.items() if part}
        if len(parts) < 2:
            continue
        columns = [
            (path, row)
            for _, rows in table_rows()
            for path, row in rows
            if row.sliced and any(part.get(path) is not None for part in parts.values())
        ]
        ordered = sorted(parts.items(), key=lambda item: (item[1].get("psnr") or 0, item[0]))
        highest = max((part.get("psnr") or 0 for part in parts.values()), default=0) or 1
        lines = [
            (
                name,
                f"{int(part.get('count', 0)):,}",
                [number(part.get(path), row.form) for path, row in columns],
                max(0.0, (part.get("psnr") or 0) / highest),
            )
            for name, part in ordered[:MOST_SLICES]
        ]
        titles = [row.title for _, row in columns]
        tables.append(Slices(kind, titles, lines, len(ordered) - len(lines)))
    return tables


def vector_order(vectors: AttributeVectors) -> list[int]:
    """Returns the positions of the attribute vectors that are defined, the best AUC first."""
    order = np.argsort(-np.nan_to_num(vectors.auc, nan=-1), kind="stable")
    return [int(i) for i in order if np.isfinite(vectors.norm[i])]


class DataCard(NamedTuple):
    """The data card: (name, text) entries, and bars of how many images there are of each kind."""

    entries: list[tuple[str, str]]
    splits: list[Bar]
    labels: list[Bar]
    attributes: list[Bar]


def data_card(manifest: Manifest) -> DataCard:
    """Returns the data in words and bars, from its manifest."""
    counts, image = manifest.counts, manifest.image
    source = manifest.source
    colours = {1: "grey", 3: "RGB"}.get(image.channels, f"{image.channels} channels")
    rejected = ", ".join(
        f"{count:,} {reason}" for reason, count in sorted(manifest.rejects.items())
    )
    ignored = ("attributes", "identities", "partition", "source")  # paths, and what stands above
    options = [
        f"{name} {_plain(value)}"
        for name, value in sorted(manifest.options.items())
        if name not in ignored and value not in (None, "", [], (), 0, False)
    ]
    entries = [
        ("source", str(source.get("name", ""))),
        ("fingerprint", str(source.get("fingerprint", ""))),
        ("files", f"{source['number_of_files']:,}" if "number_of_files" in source else ""),
        ("images", f"{image.height} x {image.width}, {colours}"),
        ("read", _count(counts, "read")),
        ("written", _count(counts, "written")),
        ("rejected", f"{_count(counts, 'rejected')}{f' ({rejected})' if rejected else ''}"),
        ("filtered", _count(counts, "filtered")),
        ("duplicates", _count(counts, "duplicates")),
        ("shards", f"{len(manifest.shards):,}" if manifest.shards else ""),
        ("extra features", ", ".join(manifest.extras)),
        ("prepared with", ", ".join(options)),
        ("code version", manifest.code_version),
        ("warnings", "; ".join(manifest.warnings)),
    ]
    written = counts.get("written") or 0
    return DataCard(
        [(name, text) for name, text in entries if text],
        _bars(counts.get("by_split", {}), written, by_size=False),
        _bars(counts.get("by_label", {}), written),
        _bars({n: manifest.positives.get(n, 0) for n in manifest.attributes}, written),
    )


def _bars(counts: dict[str, int], whole: int, by_size: bool = True) -> list[Bar]:
    longest = max(counts.values(), default=0) or 1
    items: Sequence[tuple[str, int]] = list(counts.items())
    if by_size:
        items = sorted(items, key=lambda item: (-item[1], item[0]))
    share = {name: f" ({count / whole:.1%})" if whole else "" for name, count in items}
    return [Bar(name, count / longest, f"{count:,}{share[name]}") for name, count in items]


def _count(counts: dict[str, Any], name: str) -> str:
    return f"{counts[name]:,}" if name in counts else ""


def _plain(value: Any) -> str:
    return " ".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)
