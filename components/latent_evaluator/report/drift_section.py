"""How far the newest span has moved from the last blessed one, as the report shows it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from components.latent_evaluator.report.charts import BINS_HEIGHT, BINS_WIDTH, Histogram
from components.span_drift.drift import DriftReport

NAMES = {
    "label": ("labels", "share of images that would need another label"),
    "attribute": ("attributes", "largest change of a share"),
    "image_mean": ("mean pixel value", "Kolmogorov-Smirnov distance"),
    "image_std": ("deviation of pixel values", "Kolmogorov-Smirnov distance"),
    "ink": ("ink", "Kolmogorov-Smirnov distance of the share of drawn pixels"),
    "latent": ("latent distribution", "largest Kolmogorov-Smirnov distance of a dimension"),
}


class DriftLine(NamedTuple):
    """A row of the table, in words."""

    name: str
    words: str
    distance: str
    noise: str
    allowed: str
    verdict: str  # better or worse, as the page colours a change
    moved: str


class DriftSection(NamedTuple):
    """What the section shows. histograms: bars of the newest span, the line of the other."""

    title: str
    note: str
    lines: tuple[DriftLine, ...]
    histograms: tuple[Histogram, ...]


def drift(report: DriftReport) -> DriftSection:
    """The section of a comparison, or of why there was none."""
    old, new = report.images
    title = f"Span {report.span}"
    if report.reference is not None:
        title = (
            f"Span {report.span} against span {report.reference}, the last blessed one; images "
            f"and codes of {new:,} and {old:,} images"
        )
    lines = tuple(
        DriftLine(
            *NAMES[each.name],
            f"{each.distance:.3f}",
            f"{each.noise:.3f}",
            f"{each.allowed:g}",
            "" if each.passed else "worse",
            each.words,
        )
        for each in report.measures
    )
    drawn = tuple(
        Histogram(NAMES[name][0], f"{found['edges'][0]:.3g} to {found['edges'][-1]:.3g}",
                  *_paths(found["span"], found["reference"]))
        for name, found in report.histograms.items()
    )  # fmt: skip
    return DriftSection(title, report.note, lines, drawn)


def _paths(bars: Sequence[float], line: Sequence[float]) -> tuple[str, str]:
    """Paths of bars of equal width, and of the outline of others."""
    highest = max(*bars, *line, 1e-9)
    across = np.linspace(0, BINS_WIDTH, len(bars) + 1)

    def up(share: float) -> str:
        return f"{BINS_HEIGHT - share / highest * (BINS_HEIGHT - 4):.1f}"

    sides = list(itertools.pairwise(across))
    boxes = "".join(
        f"M{a:.1f} {BINS_HEIGHT}V{up(share)}H{b:.1f}V{BINS_HEIGHT}Z"
        for (a, b), share in zip(sides, bars, strict=True)
        if share > 0
    )
    steps = "".join(f"V{up(share)}H{b:.1f}" for (_, b), share in zip(sides, line, strict=True))
    return boxes, f"M0 {BINS_HEIGHT}{steps}V{BINS_HEIGHT}"
