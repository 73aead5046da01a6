"""The pictures of docs/parity.md: numbers and digits, never a face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from claims import decode, encode
from data import Data, Images

from trainer.figures.compose import Figure, Row
from trainer.figures.latent_walks import draw_codes
from trainer.figures.sheet import sheet, to_png

matplotlib.use("Agg")
from matplotlib import pyplot

Points = Sequence[tuple[float, float]]
COLUMNS = 20


def curves(
    path: Path,
    lines: Mapping[str, Points],
    marks: Mapping[str, Points],
    across: str,
    up: str,
    *,
    bottom: float,
    top: float,
    logarithmic: bool = False,
) -> None:
    """Ours as lines, what was published as marks."""
    figure, axes = pyplot.subplots(figsize=(8, 4.2), dpi=110, layout="constrained")
    for name, points in lines.items():
        axes.plot(*zip(*points, strict=True), label=name, linewidth=1.8)
    for name, points in marks.items():
        axes.plot(*zip(*points, strict=True), "o", label=name, markersize=6)
    axes.set(xlabel=across, ylabel=up, ylim=(bottom, top))
    if logarithmic:
        axes.set_xscale("log")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    pyplot.close(figure)


def digits(path: Path, models: Mapping[str, Any], data: Data) -> None:
    """Two of each digit: real, reconstructed and sampled by each model, by name."""
    labels = np.arange(COLUMNS) // 2
    rows = [np.flatnonzero(data.held_out.labels == label)[:2] for label in range(len(data.labels))]
    chosen = np.concatenate(rows)
    real = Images(data.held_out.images[chosen], data.held_out.labels[chosen])
    shown = [Row(real.images, name="real")]
    for name, model in models.items():
        codes = draw_codes(COLUMNS, model.config.model.latent_dim, seed=1)
        again = decode(model, encode(model, real), real.labels)
        shown.append(Row(again, name=name, note="reconstructed"))
        shown.append(Row(decode(model, codes, labels), note="sampled"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_png(sheet(Figure(shown))))
