"""The search that chose the model's hyper-parameters, as the report shows it."""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

from components.latent_evaluator.report.data_uri import Picture
from components.tuner.pareto import DISTORTION, RATE
from components.tuner.search_report import SearchReport

PLOT_SIZE = (640, 440)  # pixels; the plot's own proportions


class TrialLine(NamedTuple):
    """A row of the table, in words; strip: samples of its prior, None where it failed."""

    rank: str
    trial: int
    score: str
    values: tuple[str, ...]
    rate: str
    distortion: str
    seconds: str
    failed: str
    strip: str | None


class TuningSection(NamedTuple):
    """The contents of the section."""

    objective: str
    searched: tuple[str, ...]
    lines: tuple[TrialLine, ...]
    plot: Picture


def tuning_section(report: SearchReport) -> TuningSection:
    """Returns the section of a finished search, the best trial first."""
    svg = base64.b64encode(report.pareto_svg.encode()).decode()
    plot = Picture(
        uri=f"data:image/svg+xml;base64,{svg}",
        alt="Rate against distortion of every trial, with the Pareto front",
        width=PLOT_SIZE[0],
        height=PLOT_SIZE[1],
    )
    names = report.searched
    lines = tuple(_line(row, names, report.strips.get(row["trial"])) for row in report.rows)
    return TuningSection(report.objective, tuple(names), lines, plot)


def _line(row: dict[str, Any], searched: tuple[str, ...], strip: str | None) -> TrialLine:
    done = row["score"] is not None
    return TrialLine(
        rank=str(row["rank"]) if done else "–",
        trial=row["trial"],
        score=_short(row["score"]),
        values=tuple(_short(row[name]) for name in searched),
        rate=_short(row[RATE]),
        distortion=_short(row[DISTORTION]),
        seconds=_short(row["seconds"]),
        failed="" if done else (row["message"] or row["state"]),
        strip=strip,
    )


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
