"""Curves, histograms, bars and a heat map as SVG geometry; the templates colour and name them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from trainer.config.families import metric_titles

WIDTH, HEIGHT = 320, 190  # of a curve
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 10, 24
BINS_WIDTH, BINS_HEIGHT = 120, 70
MOST_HISTOGRAMS = 50  # as in the source
HISTOGRAM_LIMIT = 4.0  # axes from -4 to 4
WIDE, TALL, MOST_NAMED = 1000, 130, 40  # of the columns; of their names
NAMED = 12  # pixels between the names of a heat map


class Tick(NamedTuple):
    """A mark on an axis."""

    at: float
    text: str


class Curve(NamedTuple):
    """A curve over the epochs of a training.

    train, validation: points for <polyline>; "" where there are none.
    exported: the place of the exported epoch; None where that is the last.
    """

    name: str
    train: str
    validation: str
    last_train: str
    last_validation: str
    across: list[Tick]
    up: list[Tick]
    exported: float | None


class Histogram(NamedTuple):
    """A histogram as paths of bars and of the line drawn over them."""

    name: str
    note: str
    bars: str
    normal: str


class Bar(NamedTuple):
    """A bar beside its name; share: of the longest bar, 0 to 1."""

    name: str
    share: float
    text: str


class Column(NamedTuple):
    """A bar that stands at a place of the axis."""

    at: float
    height: float
    name: str
    words: str


class Columns(NamedTuple):
    """Columns beside each other. longest: the value of the tallest, in words."""

    bars: list[Column]
    width: float
    longest: str


class HeatMap(NamedTuple):
    """A square of coloured cells.

    names: in the order of both axes.
    cells: (column, row, strength 0 to 1, sign, words).
    strongest: the strongest pair, in words.
    """

    names: list[str]
    cells: list[tuple[int, int, float, str, str]]
    strongest: str


def curves(history: dict[str, Any], hidden: Collection[str] = ()) -> list[Curve]:
    """Returns a curve for each metric of a training but the hidden ones, over its epochs."""
    epochs = history.get("epochs") or []
    if len(epochs) < 2:
        return []
    exported = history.get("exported_epoch")
    shown = [
        _curve(name, words, epochs, exported)
        for name, words in metric_titles().items()
        if name not in hidden
    ]
    return [curve for curve in shown if curve is not None]


def _curve(
    name: str, words: str, epochs: Sequence[dict[str, float]], exported: int | None
) -> Curve | None:
    number = np.array([epoch["epoch"] for epoch in epochs], float)
    series = [
        np.array([epoch.get(prefix + name, math.nan) for epoch in epochs], float)
        for prefix in ("", "val_")
    ]
    every = np.concatenate(series)
    every = every[np.isfinite(every)]
    if not every.size:
        return None
    ticks = _ticks(float(every.min()), float(every.max()))
    low, high = min(ticks[0], float(every.min())), max(ticks[-1], float(every.max()))
    if low == high:
        low, high = low - 1, high + 1
    x = LEFT + (number - number[0]) / (number[-1] - number[0]) * (WIDTH - LEFT - RIGHT)

    def up(value: float) -> float:
        share = (value - low) / (high - low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    lines = [
        " ".join(f"{a:.1f},{up(b)}" for a, b in zip(x, values, strict=True) if math.isfinite(b))
        for values in series
    ]
    last = [_compact(values[-1]) if math.isfinite(values[-1]) else "" for values in series]
    middle = len(epochs) // 2
    wanted = sorted({0, middle, len(epochs) - 1} if len(epochs) > 2 else {0, len(epochs) - 1})
    marked = None
    if exported is not None and 1 <= exported < len(epochs):
        marked = round(float(x[exported - 1]), 1)
    return Curve(
        words, lines[0], lines[1], last[0], last[1],
        [Tick(round(float(x[i]), 1), f"{number[i]:.0f}") for i in wanted],
        [Tick(up(value), _compact(value)) for value in ticks],
        marked,
    )  # fmt: skip


def _ticks(low: float, high: float) -> list[float]:
    """Returns three to six round numbers within a range."""
    if high <= low:
        return [low]
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step)
    return [round(n * step, 10) for n in range(first, math.floor(high / step) + 1)]


def _compact(value: float) -> str:
    size = abs(value)
    if size >= 100 or value == round(value):
        return format(value, ",.0f").replace("-", "\u2212")
    form = ".1f" if size >= 10 else ".2f" if size >= 0.1 else ".3g"
    return format(value, form).replace("-", "\u2212")


def histograms(normality: dict[str, Any], order: Sequence[int]) -> list[Histogram]:
    """Returns a small chart of z over the split for each dimension, with N(0, 1) drawn over it.

    Args:
      normality: `latent_normality` of the metrics.
      order: dimensions, those to show first in front.
    """
    edges, counts = (np.array(normality["histogram"][name], float) for name in ("edges", "counts"))
    # Open ends are drawn as wide as the axes.
    edges[0], edges[-1] = max(edges[0], -HISTOGRAM_LIMIT), min(edges[-1], HISTOGRAM_LIMIT)
    return [_histogram(normality, edges, counts[d], d) for d in list(order)[:MOST_HISTOGRAMS]]


def _histogram(
    normality: dict[str, Any], edges: np.ndarray, counts: np.ndarray, dimension: int
) -> Histogram:
    widths = np.diff(edges)
    density = counts / max(counts.sum(), 1) / np.where(widths > 0, widths, 1)
    highest = max(float(density.max()), 0.42)

    def point(x: float, y: float) -> str:
        across = (x + HISTOGRAM_LIMIT) / (2 * HISTOGRAM_LIMIT) * BINS_WIDTH
        return f"{across:.1f} {BINS_HEIGHT - y / highest * (BINS_HEIGHT - 4):.1f}"

    bars = "".join(
        f"M{point(a, 0)}L{point(a, y)}L{point(b, y)}L{point(b, 0)}Z"
        for a, b, y in zip(edges[:-1], edges[1:], density, strict=True)
        if y > 0 and b > a
    )
    steps = np.linspace(-HISTOGRAM_LIMIT, HISTOGRAM_LIMIT, 41)
    normal = np.exp(-(steps**2) / 2) / math.sqrt(2 * math.pi)
    line = "M" + "L".join(point(x, y) for x, y in zip(steps, normal, strict=True))
    mean, deviation = normality["mean"][dimension], normality["std"][dimension]
    note = f"{mean:.2f} ± {deviation:.2f}".replace("-", "\u2212")
    distance = normality["ks_statistic"][dimension]
    return Histogram(f"z{dimension}", f"{note}, KS {distance:.2f}", bars, line)


def outlined(name: str, bins: dict[str, list[float]]) -> Histogram:
    """Returns a histogram of `components.artifacts.Drift`: the newest span as bars of equal width,
    the last blessed one as their outline."""
    bars, line, edges = bins["span"], bins["reference"], bins["edges"]
    highest = max(*bars, *line, 1e-9)
    across = list(itertools.pairwise(np.linspace(0, BINS_WIDTH, len(bars) + 1)))

    def up(share: float) -> str:
        return f"{BINS_HEIGHT - share / highest * (BINS_HEIGHT - 4):.1f}"

    boxes = "".join(
        f"M{a:.1f} {BINS_HEIGHT}V{up(share)}H{b:.1f}V{BINS_HEIGHT}Z"
        for (a, b), share in zip(across, bars, strict=True)
        if share > 0
    )
    steps = "".join(f"V{up(share)}H{b:.1f}" for (_, b), share in zip(across, line, strict=True))
    note = f"{edges[0]:.3g} to {edges[-1]:.3g}"
    return Histogram(name, note, boxes, f"M0 {BINS_HEIGHT}{steps}V{BINS_HEIGHT}")


def columns(sizes: np.ndarray, order: Sequence[int]) -> Columns:
    """Returns the KL of each dimension as columns, the largest first."""
    values = np.nan_to_num(np.asarray(sizes, float))
    longest = float(values.max()) or 1.0
    step = WIDE / max(len(order), 12)
    every = -(-len(order) // MOST_NAMED)
    bars = [
        Column(
            round(rank * step, 2),
            round(max(float(values[d]), 0.0) / longest * TALL, 1),
            f"z{d}" if rank % every == 0 else "",
            f"z{d}: {sizes[d]:.2f} nats",
        )
        for rank, d in enumerate(order)
    ]
    return Columns(bars, round(0.8 * step, 2), f"{longest:.2f} nats")


def heat_map(vectors: AttributeVectors) -> HeatMap | None:
    """Returns the cosines between attribute vectors, similar ones beside each other."""
    cosine = np.asarray(vectors.cosine, float)
    defined = np.flatnonzero(np.isfinite(np.diagonal(cosine)))
    if len(defined) < 2:
        return None
    cosine = np.clip(np.nan_to_num(cosine[np.ix_(defined, defined)]), -1, 1)
    names = [vectors.names[i] for i in defined]
    order = _by_similarity(cosine)
    cells, strongest, size = [], "", 0.0
    for row, i in enumerate(order):
        for column, j in enumerate(order):
            value = cosine[i, j]
            text = f"{value:+.2f}".replace("-", "\u2212")
            if column < row and abs(value) > size:
                size, strongest = abs(value), f"{names[i]} and {names[j]}: {text}"
            if abs(value) >= 0.03:
                words = f"{names[i]}, {names[j]}: {text}"
                sign = "plus" if value > 0 else "minus"
                cells.append((column, row, round(abs(float(value)), 2), sign, words))
    return HeatMap([names[i] for i in order], cells, strongest)


def _by_similarity(cosine: np.ndarray) -> list[int]:
    """Returns the order of the leaves of an average linkage by 1 - cosine."""
    distance = 1 - (cosine + cosine.T) / 2
    np.fill_diagonal(distance, 0)
    tree = hierarchy.linkage(squareform(np.clip(distance, 0, None), checks=False), "average")
    return hierarchy.leaves_list(
        hierarchy.optimal_leaf_ordering(tree, squareform(distance, checks=False))
    ).tolist()
