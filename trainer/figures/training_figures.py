"""What a snapshot shows: reconstructions, samples, the manifold and the codes by label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from trainer.figures.latent_walks import GRID_SIDE
from trainer.figures.scatter import scatter
from trainer.figures.sheet import Row, mosaic, panels, sheet, titled

MAX_PANELS = 10  # labels that get a picture of their own
_MOST_COLUMNS = 5  # of panels
_PANEL_SIDE = 320  # pixels at most
_MIN_SIDE = 420  # pixels of a single manifold


def reconstructions(real: np.ndarray, decoded: np.ndarray, title: str) -> Image.Image:
    """A row of real images over what the model makes of them, uint8 [n, h, w, c] each."""
    rows = [Row(real, note="real"), Row(decoded, note="reconstructed")]
    return sheet(rows, title=title)


def samples(groups: Sequence[tuple[str, np.ndarray]], columns: int, title: str) -> Image.Image:
    """Images of codes from the prior, uint8 [n, h, w, c], a group for each condition."""
    rows = [
        Row(images[start : start + columns], name=name if start == 0 else "")
        for name, images in groups
        for start in range(0, len(images), columns)
    ]
    return sheet(rows, title=title)


def manifold(groups: Sequence[tuple[str, np.ndarray]], title: str) -> Image.Image:
    """The decoded grid of `generation.manifold`, a panel for each condition.

    Args:
      groups: (name, uint8 [side * side, h, w, c]); one group without a name where the model
        has no condition.
    """
    if len(groups) == 1:
        return titled(mosaic(groups[0][1], GRID_SIDE, _MIN_SIDE), title)
    named = []
    for name, images in groups[:MAX_PANELS]:
        panel = mosaic(images, GRID_SIDE)
        panel.thumbnail((_PANEL_SIDE, _PANEL_SIDE), Image.Resampling.BOX)
        named.append((name, panel))
    return titled(panels(named, _columns(len(named))), title)


def codes_by_label(
    codes: np.ndarray, labels: Sequence[str], names: Sequence[str], *, apart: bool, title: str
) -> Image.Image:
    """The scatter of the codes; with `apart` a panel for each label, as for a model that
    takes the label as its condition."""
    if not (apart and names):
        return titled(scatter(codes, labels, names), title)
    every = np.asarray(labels)
    named = []
    for name in names[:MAX_PANELS]:
        here = codes[every == name]
        plot = scatter(here, [name] * len(here), names, side=_PANEL_SIDE, legend=False)
        named.append((name, plot))
    return titled(panels(named, _columns(len(named))), title)


def _columns(count: int) -> int:
    """As few rows as there can be, and those as equal as they can be."""
    rows = -(-count // _MOST_COLUMNS)
    return -(-count // rows)
