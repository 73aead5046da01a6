"""Which images a report shows: what is decoded for each section, and how it is laid out."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from components.latent_evaluator.report.data_uri import sprite, tiles
from components.latent_evaluator.report.inputs import ReportInputs
from components.latent_evaluator.report.model_view import ModelView, Panel, Strip, Walk
from components.latent_evaluator.vectors.edits import directions, without
from trainer.figures import latent_walks

COLUMNS = 10
MOST_REAL = 30  # images that are reconstructed
MOST_NAMES = 10  # conditions
MOST_DIMENSIONS = 12
MOST_EDITS, MOST_WALKS, FACES = 6, 16, 5  # attributes with a sheet, with a slider; images in each
WALK = np.linspace(-4, 4, 17, dtype=np.float32)  # strengths
MORPHS, MORPH_STEPS = 6, 10
PROTOTYPES = 6
FAMILIAR = ("Smiling", "Eyeglasses", "Male", "Blond_Hair")  # of faces: seen at a glance
MIN_AUC = 0.6  # of attributes shown when none are named: below, the vector says little


def reconstructions(subject: ModelView) -> Panel:
    """Real images over what comes back from their codes, labels taking turns."""
    picks = subject.picks[:MOST_REAL]
    real = subject.shown.images[picks]
    told = None if subject.told is None else subject.told[picks]
    made = subject.decode(subject.shown.z_mean[picks], told)
    strips = []
    for start in range(0, len(picks), COLUMNS):
        part = slice(start, start + COLUMNS)
        numbers = f"images {start + 1} to {start + len(real[part])}"
        strips.append(Strip(tiles(real[part], f"Real {numbers}"), "real"))
        strips.append(
            Strip(tiles(made[part], f"Reconstructions of {numbers}"), "", "reconstructed")
        )
    return Panel(strips, min(COLUMNS, len(picks)))


def samples(subject: ModelView) -> Panel:
    """New images of codes from the prior; the same codes under each label."""
    model, seed = subject.model, subject.inputs.seed
    if model.by_label:
        every = np.eye(len(model.conditions), dtype=np.float32)[:MOST_NAMES]
        named = list(zip(model.conditions, every, strict=False))
        strips = [
            Strip(tiles(model.sample(COLUMNS, seed, told), f"Samples of {name}"), name)
            for name, told in named
        ]
        return Panel(strips, COLUMNS)
    count = 4 * COLUMNS
    told = None
    if subject.told is not None:
        told = subject.told[np.arange(count) % len(subject.told)]
    images = model.sample(count, seed, told)
    return Panel([Strip(tiles(images, f"{count} samples", COLUMNS))], COLUMNS)


def manifold(subject: ModelView) -> Panel | None:
    """Decoded codes on a grid of normal quantiles, in the plane of the two dimensions that
    carry most; the others as in one image. A square for each label of a conditional model."""
    size = subject.model.latent_dim
    if size < 2:
        return None
    first, second = (0, 1) if size == 2 else sorted(subject.order[:2])
    grid = subject.centre + subject.spread * latent_walks.manifold(size, plane=(first, second))
    codes = np.tile(np.asarray(subject.shown.z_mean[subject.picks[0]], np.float32), (len(grid), 1))
    codes[:, [first, second]] = grid[:, [first, second]]
    side = latent_walks.GRID_SIDE
    note = f"z{first} grows to the right, z{second} downwards, both from the 5% to the 95% quantile"
    told: list[tuple[str, np.ndarray | None]] = [("", subject.own(subject.picks[0]))]
    if subject.model.by_label:
        names = subject.model.conditions[:MOST_NAMES]
        told = [(n, latent_walks.mix([n], [1.0], subject.model.conditions)) for n in names]
    strips = [
        Strip(tiles(subject.decode(codes, each), f"Manifold {name}".strip(), side, gap=0), name)
        for name, each in told
    ]
    return Panel(strips, side, note=note)


def traversals(subject: ModelView) -> Panel:
    """Around one image, a latent dimension in each row, those that carry most first."""
    dimensions = subject.order[:MOST_DIMENSIONS]
    start = subject.picks[0]
    values = subject.centre[dimensions, None] + subject.spread[dimensions, None] * (
        latent_walks.TRAVERSAL
    )
    codes = latent_walks.traverse(subject.shown.z_mean[start], dimensions, values)
    images = subject.decode(codes, subject.own(start))
    strips = [
        Strip(tiles(part, f"Latent dimension {d} from -3 to 3"), f"z{d}", subject.size_note(d))
        for d, part in zip(dimensions, np.split(images, len(dimensions)), strict=True)
    ]
    columns = [signed(value) for value in latent_walks.TRAVERSAL]
    return Panel(strips, len(columns), columns)


def _ordered(inputs: ReportInputs, known: Collection[str]) -> list[str]:
    """The vectors to show: the named ones (or the familiar ones among those that separate),
    then those that separate best on held-out images.

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
    found: list[str] = []
    for name in dict.fromkeys(ordered):
        found.append(name)
        if name in vectors.orthogonalised:
            found.append(without(name, vectors.orthogonalised[name][0]))
    return [name for name in found if name in known]


def edits(subject: ModelView) -> list[Panel]:
    """A sheet for each attribute: images, and the same moved along its vector."""
    picks, steps = _faces(subject), _steps(subject)
    named = _ordered(subject.inputs, steps)
    most = max(MOST_EDITS, sum(name in steps for name in subject.inputs.edits))
    columns = ["real", *(signed(float(strength)) for strength in latent_walks.EDITS)]
    panels = []
    for name in named[:most]:
        rows = np.split(_moved(subject, picks, steps[name], latent_walks.EDITS), len(picks))
        strips = []
        for number, (pick, row) in enumerate(zip(picks, rows, strict=True), 1):
            images = np.concatenate([subject.shown.images[[pick]], row])
            alt = f"Image {number}, then its reconstruction with {name} from -4 to 4"
            strips.append(Strip(tiles(images, alt)))
        panels.append(
            Panel(strips, len(columns), columns, title=name, note=_separates(subject, name))
        )
    return panels


def walks(subject: ModelView) -> list[Walk]:
    """The frames of the slider: every attribute's walk over the same images."""
    picks, steps = _faces(subject), _steps(subject)
    named = _ordered(subject.inputs, steps)
    found = []
    for name in named[:MOST_WALKS]:
        images = _moved(subject, picks, steps[name], WALK)
        images = images.reshape(len(picks), len(WALK), *images.shape[1:]).swapaxes(0, 1)
        frames = sprite(
            images.reshape(-1, *images.shape[2:]), f"Images along the vector of {name}", len(picks)
        )
        found.append(Walk(name, _separates(subject, name), frames, len(picks), WALK.tolist()))
    return found


def morphs(subject: ModelView) -> Panel | None:
    """From an image to another on a straight line of codes, and of conditions."""
    picks = subject.picks[: 2 * MORPHS]
    strips = []
    for a, b in zip(picks[::2], picks[1::2], strict=False):
        codes = latent_walks.interpolate(
            subject.shown.z_mean[a], subject.shown.z_mean[b], MORPH_STEPS
        )
        told = subject.told
        between = None if told is None else latent_walks.interpolate(told[a], told[b], MORPH_STEPS)
        real = subject.shown.images
        images = np.concatenate([real[[a]], subject.decode(codes, between), real[[b]]])
        names = [subject.shown.labels[i] or "an image" for i in (a, b)]
        strips.append(Strip(tiles(images, f"From {names[0]} to {names[1]} in equal steps")))
    if not strips:
        return None
    columns = ["A", *(f"{alpha:.2g}" for alpha in np.linspace(0, 1, MORPH_STEPS)), "B"]
    return Panel(strips, len(columns), columns)


def styles(subject: ModelView) -> Panel | None:
    """Prototypes (rows) under every condition (columns); an attribute is turned over."""
    model = subject.model
    if subject.told is None:
        return None
    names = model.conditions[:MOST_NAMES]
    every = np.eye(len(model.conditions), dtype=np.float32)[: len(names)]
    strips = []
    for pick in subject.picks[:PROTOTYPES]:
        targets = every if model.by_label else np.abs(subject.told[pick] - every)
        codes, told = latent_walks.outer_product(subject.shown.z_mean[[pick]], targets)
        images = np.concatenate([subject.shown.images[[pick]], subject.decode(codes, told)])
        label = subject.shown.labels[pick]
        strips.append(
            Strip(tiles(images, f"The style of one {label or 'image'} under each name"), label)
        )
    return Panel(strips, len(names) + 1, ["real", *names])


def signed(value: float) -> str:
    return f"{value:+g}".replace("-", "\u2212") if value else "0"


def _faces(subject: ModelView) -> list[int]:
    return subject.picks[:FACES]


def _steps(subject: ModelView) -> dict[str, np.ndarray]:
    vectors = subject.inputs.vectors
    return {} if vectors is None else directions(vectors, subject.inputs.description)


def _moved(
    subject: ModelView, picks: Sequence[int], step: np.ndarray, strengths: np.ndarray
) -> np.ndarray:
    codes = latent_walks.edit(subject.shown.z_mean[list(picks)], step, strengths)
    told = subject.told
    return subject.decode(
        codes, None if told is None else np.repeat(told[list(picks)], len(strengths), axis=0)
    )


def _separates(subject: ModelView, name: str) -> str:
    """How well the vector tells images with the attribute from those without."""
    vectors = subject.inputs.vectors
    if vectors is None or name not in vectors.names:
        return ""
    row = vectors.names.index(name)
    auc, low, high = vectors.auc[row], vectors.auc_low[row], vectors.auc_high[row]
    if not np.isfinite(auc):
        return ""
    interval = f" ({low:.2f} to {high:.2f})" if np.isfinite(low) and np.isfinite(high) else ""
    return f"AUC {auc:.2f}{interval} on held-out images"
