"""The drift of the newest span from the last blessed one, as the report shows it."""

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
    """The contents of the section.

    histograms: the newest span as bars, the last blessed one as a line.
    """

    title: str
    note: str
    lines: tuple[DriftLine, ...]
    histograms: tuple[Histogram, ...]


def drift_section(report: DriftReport) -> DriftSection:
    """Returns the section of a comparison, or of why there was none."""
    old, new = report.images
    title = f"Span {report.span}"
    if report.reference is not None:
        title = (
            f"Span {report.span} against span {report.reference}, the last blessed one; images "
            f"and codes of {new:,} and {old:,} images"
        )
    lines = tuple(
        DriftLine(
            *NAMES[measure.name],
            f"{measure.distance:.3f}",
            f"{measure.noise:.3f}",
            f"{measure.allowed:g}",
            "" if measure.passed else "worse",
            measure.words,
        )
        for measure in report.measures
    )
    histograms = tuple(
        Histogram(NAMES[name][0], f"{bins['edges'][0]:.3g} to {bins['edges'][-1]:.3g}",
                  *_paths(bins["span"], bins["reference"]))
        for name, bins in report.histograms.items()
    )  # fmt: skip
    return DriftSection(title, report.note, lines, histograms)


def _paths(bars: Sequence[float], line: Sequence[float]) -> tuple[str, str]:
    """Returns the path of bars of equal width, and that of the outline of others."""
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
