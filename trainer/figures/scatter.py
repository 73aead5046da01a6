"""Codes of labelled images as points in the plane.

Drawn with Pillow alone: a chart library would take longer than the rest of a snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from trainer.figures.sheet import FAINT, LINE, PANEL, PAPER, TEXT, font, panels, titled

LIMIT = 5.0  # the axes go from -LIMIT to LIMIT, as in the sources
# Ten colours that stay apart for colour-blind eyes as well, then a neutral one for the rest.
COLORS = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee",
    "#aa3377", "#ee8866", "#117733", "#332288", "#882255",
)  # fmt: skip
REST = "#9a9a94"
_SMOOTH = 2  # drawn larger by that factor, then scaled down


def scatter(
    codes: np.ndarray,
    labels: Sequence[str],
    names: Sequence[str],
    *,
    side: int = 520,
    legend: bool = True,
) -> Image.Image:
    """Draws the first two dimensions of codes, coloured by label, with a legend.

    codes: float [n, latent_dim]; a missing second dimension counts as 0. Points beyond the axes are
    left out.
    labels: of the codes; one that is not in `names` is grey.
    names: labels in the order of their colours. Without names there is no legend either.
    """
    plane = np.zeros((len(codes), 2))
    plane[:, : min(2, codes.shape[1])] = codes[:, :2]
    plot = _axes(side * _SMOOTH)
    draw = ImageDraw.Draw(plot)
    scale = side * _SMOOTH / (2 * LIMIT)
    radius = max(2.0, side * _SMOOTH / 220)
    centres = np.stack([plane[:, 0] + LIMIT, LIMIT - plane[:, 1]], axis=1) * scale
    colors = dict(zip(names, COLORS, strict=False))
    inside = np.isfinite(plane).all(axis=1) & (np.abs(plane) <= LIMIT).all(axis=1)
    for position in np.flatnonzero(inside).tolist():
        x, y = centres[position]
        color = colors.get(labels[position], REST)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), color)
    plot = plot.resize((side, side), Image.Resampling.BOX)
    if not (legend and names):
        return plot
    return _with_legend(plot, [(name, colors.get(name, REST)) for name in names])


def codes_by_label(
    codes: np.ndarray, labels: Sequence[str], names: Sequence[str], *, apart: bool, title: str
) -> Image.Image:
    """Draws the scatter of codes under a title. apart: a panel for each label, as for a model that
    takes the label as its condition."""
    if not (apart and names):
        return titled(scatter(codes, labels, names), title)
    label_of = np.asarray(labels)
    plots = []
    for name in names[: len(COLORS)]:
        chosen = codes[label_of == name]
        plot = scatter(chosen, [name] * len(chosen), names, side=PANEL, legend=False)
        plots.append((name, plot))
    return titled(panels(plots), title)


def _axes(side: int) -> Image.Image:
    plot = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(plot)
    for tick in range(-4, 5, 2):
        at = round((tick + LIMIT) * side / (2 * LIMIT))
        color = FAINT if tick == 0 else LINE
        draw.line((at, 0, at, side), color, 2)
        draw.line((0, side - at, side, side - at), color, 2)
        draw.text((at + 6, side - 6), str(tick), FAINT, font(side // 48 + 6), anchor="ls")
        if tick:
            draw.text((6, side - at - 6), str(tick), FAINT, font(side // 48 + 6), anchor="ls")
    draw.rectangle((0, 0, side - 1, side - 1), outline=LINE, width=2)
    return plot


def _with_legend(plot: Image.Image, entries: Sequence[tuple[str, str]]) -> Image.Image:
    entries = entries[: len(COLORS)]
    width = 28 + max(int(font(13).getlength(name)) for name, _ in entries)
    picture = Image.new("RGB", (plot.width + width, plot.height), PAPER)
    picture.paste(plot, (0, 0))
    draw = ImageDraw.Draw(picture)
    for row, (name, color) in enumerate(entries):
        x, y = plot.width + 14, 12 + 20 * row
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), color)
        draw.text((x + 10, y), name, TEXT, font(13), anchor="lm")
    return picture
