"""The figures of a model: named rows of images, however they are laid out.

The generation verbs and the pictures of a training lay them out as PNG (`trainer.figures.sheet`),
the evaluator's report as HTML.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from trainer.figures import latent_walks

COLUMNS = 10
MOST_NAMES = 10  # conditions shown where none are named


class Row(NamedTuple):
    """Images side by side. A row with a name begins a group; the note stands under the name."""

    images: np.ndarray  # uint8 [n, height, width, channels]
    name: str = ""
    note: str = ""
    alt: str = ""  # for readers who cannot see the images
    accent: bool = False  # of the name, among many


@dataclasses.dataclass(frozen=True)
class Figure:
    """Rows of images under each other, below the lines `title` and `caption`."""

    rows: Sequence[Row]
    columns: Sequence[str] = ()  # a name above each
    width: int = 0  # images side by side; longer rows go on in the next line. 0: the longest row
    title: str = ""
    caption: str = ""

    @property
    def cells(self) -> int:
        """The images of a full line."""
        return self.width or max((len(row.images) for row in self.rows), default=0)


class ModelView(Protocol):
    """A model as figures need it."""

    conditions: tuple[str, ...]  # names of its condition's values, in order; or empty
    by_label: bool  # true where the condition is the label

    def decode(self, codes: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
        """Returns uint8 images [n, h, w, c] of codes [n, latent_dim]; the condition is of all
        of them, [names], or of each, [n, names]."""

    def sample(self, count: int, condition: np.ndarray | None = None) -> np.ndarray:
        """Returns uint8 images [count, h, w, c] of the same codes of the prior each time."""


class Starts(NamedTuple):
    """n codes that a figure starts from, with the real images of codes that are not drawn."""

    codes: np.ndarray  # [n, latent_dim]
    conditions: np.ndarray | None = None  # [n, names]; None without a condition
    images: np.ndarray | None = None  # uint8 [n, h, w, c]; None for codes of the prior
    labels: Sequence[str] = ()  # of the images, beside which they stand; or none

    def condition(self, position: int) -> np.ndarray | None:
        return None if self.conditions is None else self.conditions[position]

    def label(self, position: int) -> str:
        return self.labels[position] if self.labels else ""

    def real(self, position: int) -> list[np.ndarray]:
        """The real image of a code, as a batch of one; empty for a code of the prior."""
        return [] if self.images is None else [self.images[position : position + 1]]


Groups = Sequence[tuple[str, np.ndarray | None]]  # conditions with their names


def each_condition(view: ModelView, names: Sequence[str] = ()) -> Groups:
    """Returns the condition of each name alone (without names, of the first ones); a group
    without name and condition for an unconditional model."""
    if not view.conditions:
        return [("", None)]
    names = tuple(names) or view.conditions[:MOST_NAMES]
    return list(zip(names, _pure(view, names), strict=True))


def reconstructions(view: ModelView, starts: Starts, *, grouped: bool = True) -> Figure:
    """Composes real images over their reconstructions. grouped: each line of real images has a name
    and so begins a group; else only a note."""
    assert starts.images is not None
    decoded = view.decode(starts.codes, starts.conditions)
    rows = []
    for start in range(0, len(decoded), COLUMNS):
        part = slice(start, start + COLUMNS)
        real = starts.images[part]
        numbers = f"images {start + 1} to {start + len(real)}"
        words = ("real", "") if grouped else ("", "real")
        rows.append(Row(real, *words, f"Real {numbers}"))
        rows.append(Row(decoded[part], "", "reconstructed", f"Reconstructions of {numbers}"))
    title = f"{len(decoded)} images and their reconstructions"
    return Figure(rows, width=min(COLUMNS, len(decoded)), title=title)


def samples(view: ModelView, count: int, groups: Groups) -> Figure:
    """Composes images of the prior, the same `count` codes under each condition."""
    plain = f"{count} samples"
    rows = [
        Row(view.sample(count, condition), name, alt=f"Samples of {name}" if name else plain)
        for name, condition in groups
    ]
    title = "samples of the prior, the same codes in each group"
    if len(rows) == 1 and not rows[0].name:
        title = f"{plain} of the prior"
    return Figure(rows, width=COLUMNS, title=title)


def manifold(view: ModelView, codes: np.ndarray, groups: Groups, caption: str = "") -> Figure:
    """Composes the decoded square grid of `latent_walks.manifold`, a row for each condition."""
    rows = [
        Row(view.decode(codes, condition), name, alt=f"Manifold {name}".strip())
        for name, condition in groups
    ]
    return Figure(rows, width=latent_walks.GRID_SIDE, caption=caption)


def traversals(
    view: ModelView, start: Starts, prior: tuple[np.ndarray, np.ndarray], notes: Mapping[int, str]
) -> Figure:
    """Composes a row for each latent dimension, the others held at the code of a single start.

    prior: mean and standard deviation of codes, [latent_dim] each.
    notes: a dimension -> the words under its name, in the order of the rows.
    """
    dimensions = list(notes)
    mean, deviation = (values[dimensions, None] for values in prior)
    values = mean + deviation * latent_walks.TRAVERSAL
    codes = latent_walks.traverse(start.codes[0], dimensions, values)
    images = view.decode(codes, start.condition(0))
    parts = np.split(images, len(dimensions))
    rows = [
        Row(part, f"z{dimension}", note, f"Latent dimension {dimension} from -3 to 3")
        for part, (dimension, note) in zip(parts, notes.items(), strict=True)
    ]
    columns = list(map(_signed, latent_walks.TRAVERSAL.tolist()))
    return Figure(rows, columns, title="one latent dimension in each row")


def edited(view: ModelView, starts: Starts, step: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Returns images of every code moved along a direction, uint8 [n, strengths, h, w, c].

    step: the move of strength 1, [latent_dim].
    """
    moved = latent_walks.edit(starts.codes, step, strengths)
    conditions = starts.conditions
    if conditions is not None:
        conditions = np.repeat(conditions, len(strengths), axis=0)
    images = view.decode(moved, conditions)
    return images.reshape(len(starts.codes), len(strengths), *images.shape[1:])


def edits(view: ModelView, starts: Starts, name: str, step: np.ndarray) -> Figure:
    """Composes a row for each code, moved along the vector of an attribute by -4 to 4."""
    strengths = latent_walks.EDITS
    rows = [
        Row(
            np.concatenate([*starts.real(number), images]),
            alt=f"Image {number + 1}, then its reconstruction with {name} from -4 to 4",
        )
        for number, images in enumerate(edited(view, starts, step, strengths))
    ]
    columns = ["real"] * (starts.images is not None) + list(map(_signed, strengths.tolist()))
    return Figure(rows, columns, title=name)


def morphs(view: ModelView, starts: Starts, steps: int) -> Figure:
    """Composes a row for each pair of the starts A, B, A, B, …: images on the straight line of
    codes (and conditions), in `steps` images with both ends included."""
    rows = []
    for a, b in zip(range(0, len(starts.codes), 2), range(1, len(starts.codes), 2), strict=True):
        condition = None
        if starts.conditions is not None:
            condition = latent_walks.interpolate(starts.conditions[a], starts.conditions[b], steps)
        codes = latent_walks.interpolate(starts.codes[a], starts.codes[b], steps)
        images = [*starts.real(a), view.decode(codes, condition), *starts.real(b)]
        ends = [starts.label(end) or "an image" for end in (a, b)]
        alt = f"From {ends[0]} to {ends[1]} in equal steps"
        rows.append(Row(np.concatenate(images), alt=alt))
    columns = [f"{alpha:.2g}" for alpha in np.linspace(0, 1, steps)]
    if starts.images is not None:
        columns = ["A", *columns, "B"]
    return Figure(rows, columns, title="from A to B")


def styles(view: ModelView, starts: Starts, names: Sequence[str] = ()) -> Figure:
    """Composes a row for each prototype, its code under every condition of a conditional model:
    under `names`, by default its first ones.

    With attributes, a column inverts its attribute in the prototype's own ones.
    """
    names = tuple(names) or view.conditions[:MOST_NAMES]
    pure = _pure(view, names)
    rows = []
    for number, code in enumerate(starts.codes):
        own = starts.condition(number)
        targets = pure if view.by_label or own is None else np.abs(own - pure)
        images = view.decode(*latent_walks.outer_product(code[None], targets))
        label = starts.label(number)
        alt = f"The style of one {label or 'image'} under each name"
        rows.append(Row(np.concatenate([*starts.real(number), images]), label, alt=alt))
    columns = list(names) if starts.images is None else ["prototype", *names]
    return Figure(rows, columns, title="one style in each row")


def mixes(
    view: ModelView, codes: np.ndarray, labels: Sequence[str], weights: Sequence[float]
) -> Figure:
    """Composes the same codes (the first is 0) under each label alone and under their mix."""
    mix = latent_walks.mix(labels, weights, view.conditions)
    groups = [*each_condition(view, labels), ("mix", mix)]
    rows = [Row(view.decode(codes, condition), name) for name, condition in groups]
    parts = zip(labels, weights, strict=True)
    title = " + ".join(f"{weight:.2g} {name}" for name, weight in parts)
    return Figure(rows, ["z = 0"], title=title)


def label_grid(view: ModelView, code: np.ndarray, labels: Sequence[str], side: int) -> Figure:
    """Composes the square of bilinear mixes of four labels, one code [latent_dim] under each."""
    conditions = latent_walks.blend_corners(_pure(view, labels), side)
    images = view.decode(np.tile(code, (len(conditions), 1)), conditions)
    caption = f"{labels[0]}, {labels[1]} above; {labels[2]}, {labels[3]} below"
    return Figure([Row(images)], width=side, title="between four labels, z = 0", caption=caption)


def stack(figures: Sequence[Figure], title: str) -> Figure:
    """Returns figures of the same columns as one, a group of rows each, named by its title."""
    rows = []
    for figure in figures:
        first, *others = figure.rows
        rows += [first._replace(name=figure.title), *others]
    return Figure(rows, figures[0].columns, title=title)


def _pure(view: ModelView, names: Sequence[str]) -> np.ndarray:
    """Returns the condition of each name alone, float32 [len(names), k]."""
    return np.stack([latent_walks.mix([name], [1.0], view.conditions) for name in names])


def _signed(value: float) -> str:
    return f"{value:+g}" if value else "0"
