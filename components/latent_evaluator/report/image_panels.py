"""The figures of the report as HTML: panels of tiles, and the frames of the slider."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

import numpy as np

from components.latent_evaluator.report.data_uri import Picture, sprite, tiles
from components.latent_evaluator.report.inputs import ReportInputs
from components.latent_evaluator.report.model_view import ModelView
from components.latent_evaluator.vectors.edits import directions, without
from trainer.figures import compose, latent_walks
from trainer.figures.compose import COLUMNS, Figure

MOST_REAL = 30  # images that are reconstructed
MOST_DIMENSIONS = 12
MOST_EDITS, MOST_WALKS, FACES = 6, 16, 5  # attributes with a sheet, with a slider; images in each
WALK = np.linspace(-4, 4, 17, dtype=np.float32)  # strengths
MORPHS, MORPH_STEPS = 6, 10
PROTOTYPES = 6
FAMILIAR = ("Smiling", "Eyeglasses", "Male", "Blond_Hair")  # of faces: obvious at a glance
MIN_AUC = 0.6  # of attributes shown when none are named: below, the vector says little


@dataclasses.dataclass(frozen=True)
class Strip:
    """A picture of images side by side, with the words beside it."""

    picture: Picture
    name: str = ""
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Panel:
    """Strips under each other. cells: images side by side; columns: a name for each."""

    strips: list[Strip]
    cells: int
    columns: Sequence[str] = ()
    title: str = ""
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Walk:
    """Frames of a slider, one below the other in one picture."""

    name: str
    note: str
    picture: Picture
    cells: int
    strengths: Sequence[float]


def reconstructions(view: ModelView) -> Panel:
    """Lays out real images over their reconstructions, labels taking turns."""
    return _panel(compose.reconstructions(view, view.starts(view.picks[:MOST_REAL])))


def samples(view: ModelView) -> Panel:
    """Lays out new images: the same codes under each label, or the conditions of shown images
    in turn."""
    if view.by_label:
        return _panel(compose.samples(view, COLUMNS, compose.each_condition(view)))
    count, conditions = 4 * COLUMNS, view.shown_conditions
    if conditions is not None:
        conditions = conditions[np.arange(count) % len(conditions)]
    return _panel(compose.samples(view, count, [("", conditions)]))


def manifold(view: ModelView) -> Panel | None:
    """Lays out decoded codes on a grid of normal quantiles, in the plane of the two dimensions
    that carry most; the others as in one image. A square for each label of a conditional model."""
    size = view.model.latent_dim
    if size < 2:
        return None
    first, second = (0, 1) if size == 2 else sorted(view.order[:2])
    mean, deviation = view.prior
    grid = mean + deviation * latent_walks.manifold(size, plane=(first, second))
    start = view.starts(view.picks[:1])
    codes = np.tile(np.asarray(start.codes[0], np.float32), (len(grid), 1))
    codes[:, [first, second]] = grid[:, [first, second]]
    note = f"z{first} grows to the right, z{second} downwards, both from the 5% to the 95% quantile"
    groups = compose.each_condition(view) if view.by_label else [("", start.condition(0))]
    return _panel(compose.manifold(view, codes, groups, note), gap=0)


def traversals(view: ModelView) -> Panel:
    """Lays out the latent dimensions around one image, those that carry most first."""
    notes = {dimension: view.size_note(dimension) for dimension in view.order[:MOST_DIMENSIONS]}
    start = view.starts(view.picks[:1])
    return _with_minus(_panel(compose.traversals(view, start, view.prior, notes)))


def edits(view: ModelView) -> list[Panel]:
    """Lays out a panel for each attribute: images, and the same moved along its vector."""
    starts, steps = view.starts(view.picks[:FACES]), _steps(view)
    most = max(MOST_EDITS, sum(name in steps for name in view.inputs.edits))
    return [
        _with_minus(
            _panel(
                compose.edits(view, starts, name, steps[name]),
                title=name,
                note=_separates(view, name),
            )
        )
        for name in _ordered(view.inputs, steps)[:most]
    ]


def walks(view: ModelView) -> list[Walk]:
    """Draws the frames of the slider: every attribute's walk over the same images."""
    starts, steps = view.starts(view.picks[:FACES]), _steps(view)
    faces = len(starts.codes)
    frames = []
    for name in _ordered(view.inputs, steps)[:MOST_WALKS]:
        images = compose.edited(view, starts, steps[name], WALK).swapaxes(0, 1)
        alt = f"Images along the vector of {name}"
        picture = sprite(images.reshape(-1, *images.shape[2:]), alt, faces)
        frames.append(Walk(name, _separates(view, name), picture, faces, WALK.tolist()))
    return frames


def morphs(view: ModelView) -> Panel | None:
    """Lays out the ways from an image to another; None where there is a single image."""
    pairs = min(MORPHS, len(view.picks) // 2)
    if not pairs:
        return None
    return _panel(compose.morphs(view, view.starts(view.picks[: 2 * pairs]), MORPH_STEPS))


def styles(view: ModelView) -> Panel | None:
    """Lays out prototypes (rows) under every condition (columns); None without conditions."""
    if not view.conditions:
        return None
    panel = _panel(compose.styles(view, view.starts(view.picks[:PROTOTYPES])))
    return dataclasses.replace(panel, columns=["real", *panel.columns[1:]])


def _panel(figure: Figure, *, title: str = "", note: str = "", gap: int = 1) -> Panel:
    """Lays a figure out as strips of tiles.

    Args:
      gap: between images, in their pixels.
    """
    strips = [
        Strip(
            tiles(row.images, row.alt, min(figure.cells, len(row.images)), gap=gap),
            row.name,
            row.note,
        )
        for row in figure.rows
    ]
    return Panel(strips, figure.cells, figure.columns, title, note or figure.caption)


def _with_minus(panel: Panel) -> Panel:
    """Returns the panel with the typographic minus in its columns, which are numbers."""
    columns = [name.replace("-", "\u2212") for name in panel.columns]
    return dataclasses.replace(panel, columns=columns)


def _ordered(inputs: ReportInputs, known: Collection[str]) -> list[str]:
    """Returns the names of the vectors to show: those that the config names (or the familiar
    ones among those that separate), then those that separate best on held-out images.

    An orthogonalised vector follows the one it was made from.
    """
    vectors = inputs.vectors
    if vectors is None:
        return []
    auc = dict(zip(vectors.names, np.nan_to_num(vectors.auc), strict=True))
    best = sorted((n for n in known if auc.get(n, 0) >= MIN_AUC), key=lambda n: (-auc[n], n))
    if len(vectors.names) == 2 and set(vectors.kinds) == {"label"}:
        best = best[:1]  # the other one is its opposite
    first = inputs.edits or [name for name in FAMILIAR if name in best]
    ordered = [*(name for name in first if name in known), *best]
    names: list[str] = []
    for name in dict.fromkeys(ordered):
        names.append(name)
        if name in vectors.orthogonalised:
            names.append(without(name, vectors.orthogonalised[name][0]))
    return [name for name in names if name in known]


def _steps(view: ModelView) -> dict[str, np.ndarray]:
    vectors = view.inputs.vectors
    return {} if vectors is None else directions(vectors, view.inputs.description)


def _separates(view: ModelView, name: str) -> str:
    """Returns in words how well the vector separates images with the attribute from those
    without."""
    vectors = view.inputs.vectors
    if vectors is None or name not in vectors.names:
        return ""
    row = vectors.names.index(name)
    auc, low, high = vectors.auc[row], vectors.auc_low[row], vectors.auc_high[row]
    if not np.isfinite(auc):
        return ""
    interval = f" ({low:.2f} to {high:.2f})" if np.isfinite(low) and np.isfinite(high) else ""
    return f"AUC {auc:.2f}{interval} on held-out images"
