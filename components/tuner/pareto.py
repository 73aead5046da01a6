"""The plane of rate and distortion: the nats that codes cost, and the nats that they lose."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

RATE, DISTORTION = "val_kl_loss", "val_reconstruction_loss"
_STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "pareto",  # the same bytes every time
}


def front(rates: Sequence[float], distortions: Sequence[float]) -> list[int]:
    """Returns the points of the Pareto front by index, in the order of growing rate.

    They are those that no other point is below in one value and not above in the other; equal
    points are all on it.
    """
    points = np.column_stack([rates, distortions]).astype(float).reshape(-1, 2)
    optimal = [
        index
        for index, point in enumerate(points)
        if not ((points <= point).all(axis=1) & (points < point).any(axis=1)).any()
    ]
    return sorted(optimal, key=lambda index: (points[index, 0], points[index, 1]))


def draw(
    rows: Sequence[Mapping[str, Any]], objective: str, searched: Sequence[str]
) -> tuple[bytes, str]:
    """Draws the plane of rate and distortion (Alemi et al. 2018, "Fixing a broken ELBO").

    Args:
      rows: of the trials' table, the best first. Those without both values are left out.
      objective: its name, for the legend.
      searched: names of the hyper-parameters; points on the front are labelled by the first.

    Returns:
      The plot as PNG, and as an <svg> element.
    """
    shown = [row for row in rows if _finite(row.get(RATE)) and _finite(row.get(DISTORTION))]
    with rc_context(_STYLE):
        figure = Figure(figsize=(6.4, 4.4), layout="constrained")
        axes = figure.add_subplot()
        axes.set_xlabel("rate: KL, nats an image")
        axes.set_ylabel("distortion: reconstruction, nats an image")
        if shown:
            _draw_points(figure, axes, shown, objective, searched[0])
        else:
            axes.text(0.5, 0.5, "no trial has a rate and a distortion", ha="center", va="center")
        png, svg = io.BytesIO(), io.StringIO()
        figure.savefig(png, format="png", dpi=150, metadata={"Software": None})
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    text = svg.getvalue()
    return png.getvalue(), text[text.index("<svg") :]


def _draw_points(
    figure: Figure, axes: Any, rows: Sequence[Mapping[str, Any]], objective: str, name: str
) -> None:
    rates, distortions = ([float(row[key]) for row in rows] for key in (RATE, DISTORTION))
    edge = front(rates, distortions)
    line = {"color": "#4477aa", "linewidth": 1, "zorder": 1, "label": "Pareto front"}
    axes.plot([rates[i] for i in edge], [distortions[i] for i in edge], **line)
    scored = [float("nan") if row["score"] is None else row["score"] for row in rows]
    points = axes.scatter(rates, distortions, c=scored, cmap="viridis", s=36, zorder=2)
    alike = [i for i, row in enumerate(rows) if row.get("within_noise") and not row.get("chosen")]
    chosen = [i for i, row in enumerate(rows) if row.get("chosen")]
    rings = (("chosen trial", chosen, 140, 1.8), ("within noise of the best", alike, 90, 0.8))
    for label, indices, size, width in rings:
        if indices:
            axes.scatter(
                [rates[i] for i in indices], [distortions[i] for i in indices], s=size,
                facecolors="none", edgecolors="#ee6677", linewidths=width, zorder=3, label=label,
            )  # fmt: skip
    for index, (row, x, y) in enumerate(zip(rows, rates, distortions, strict=True)):
        # Points on the front are close together: their labels take turns on both sides.
        below = index in edge and edge.index(index) % 2
        label = f"{row['trial']}: {name} {row[name]:.3g}" if index in edge else str(row["trial"])
        axes.annotate(
            label,
            (x, y),
            (-6, -8) if below else (6, 4),
            textcoords="offset points",
            fontsize=6.5,
            ha="right" if below else "left",
        )
    figure.colorbar(points, ax=axes, label=objective.replace("_", " "), shrink=0.85)
    axes.legend(frameon=False, fontsize=8)
    axes.margins(0.12)


def _finite(value: Any) -> bool:
    return value is not None and bool(np.isfinite(value))
