"""The pictures behind the generation verbs: which codes are decoded, and how they are laid out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from data_prep.config_base import require
from pipeline.generate.model_session import ModelSession
from trainer.figures import latent_walks
from trainer.figures.sheet import Row, sheet

COLUMNS = 10
MOST_NAMES = 10  # conditions shown where the call names none


def sample(studio: ModelSession, *, count: int, labels: Sequence[str]) -> Image.Image:
    """New images, z ~ N(0, I); the same codes under each condition."""
    decoder = studio.decoder
    if not decoder.conditions:
        rows = _lines(decoder.sample(count, studio.seed, batch_size=count))
        return sheet(rows, title=f"{count} samples of the prior")
    rows = []
    for name in labels or decoder.conditions[:MOST_NAMES]:
        condition = latent_walks.mix([name], [1.0], decoder.conditions)
        rows += _lines(decoder.sample(count, studio.seed, condition, batch_size=count), name)
    return sheet(rows, title="samples of the prior, the same codes in each group")


def reconstruct(studio: ModelSession, *, count: int, labels: Sequence[str]) -> Image.Image:
    """Real images over what comes back from their codes."""
    assert studio.examples is not None
    positions = studio.choose(count, labels)
    decoded = studio.decoder.decode(*studio.encode(positions))
    real = studio.examples.images[positions]
    rows = []
    for start in range(0, count, COLUMNS):
        part = slice(start, start + COLUMNS)
        rows += [Row(real[part], "real"), Row(decoded[part], note="reconstructed")]
    return sheet(rows, title=f"{count} images and their reconstructions")


def morph(
    studio: ModelSession,
    *,
    count: int,
    steps: int,
    ends: tuple[str, str] | None,
    labels: Sequence[str],
) -> Image.Image:
    """From A to B on a straight line of codes (and of conditions), a row for each pair."""
    conditions: np.ndarray | None = None
    if studio.examples is None:
        codes = studio.draw(2 * count)
        if studio.decoder.conditions:
            every = np.eye(len(studio.decoder.conditions), dtype=np.float32)
            conditions = every[np.arange(2 * count) % len(every)]
    else:
        positions = _pairs(studio, count, ends, labels)
        codes, conditions = studio.encode(positions)
    rows = []
    for a in range(0, len(codes), 2):
        b, told = a + 1, None
        if conditions is not None:
            told = latent_walks.interpolate(conditions[a], conditions[b], steps)
        images = studio.decoder.decode(latent_walks.interpolate(codes[a], codes[b], steps), told)
        if studio.examples is not None:
            real = studio.examples.images[[positions[a], positions[b]]]
            images = np.concatenate([real[:1], images, real[1:]])
        rows.append(Row(images))
    alphas = [f"{alpha:.2g}" for alpha in np.linspace(0, 1, steps)]
    columns = alphas if studio.examples is None else ["A", *alphas, "B"]
    return sheet(rows, title="from A to B", columns=columns)


def style(studio: ModelSession, *, count: int, labels: Sequence[str]) -> Image.Image:
    """Prototypes (rows) x conditions (columns): the code of the one under the other.

    With attributes, a column turns its attribute over in the prototype's own ones.
    """
    decoder = studio.decoder
    names = tuple(labels) or decoder.conditions[:MOST_NAMES]
    every = np.stack([latent_walks.mix([name], [1.0], decoder.conditions) for name in names])
    if studio.examples is None:
        codes, own, first = studio.draw(count), np.zeros((count, every.shape[1])), []
    else:
        positions = studio.choose(count)
        codes, conditions = studio.encode(positions)
        assert conditions is not None
        own, first = conditions, [studio.examples.images[positions]]
    rows = []
    for row, code in enumerate(codes):
        targets = every if decoder.by_label else np.abs(own[row] - every)
        images = decoder.decode(*latent_walks.outer_product(code[None], targets))
        rows.append(Row(np.concatenate([*(real[row : row + 1] for real in first), images])))
    columns = [*("prototype" for _ in first), *names]
    return sheet(rows, title="one style in each row", columns=columns)


def mix(
    studio: ModelSession, *, count: int, labels: Sequence[str], weights: Sequence[float]
) -> Image.Image:
    """The same codes (the first is 0) under each label alone and under their mix; four labels
    without weights: the bilinear grid between them at z = 0, `count` to a side."""
    decoder = studio.decoder
    known = decoder.conditions
    pure = np.stack([latent_walks.mix([name], [1.0], known) for name in labels])
    if len(labels) == 4 and not weights:
        blends = latent_walks.blend_corners(pure, count)
        images = decoder.decode(np.tile(studio.prior[0], (len(blends), 1)), blends)
        rows = [Row(images[i : i + count]) for i in range(0, len(images), count)]
        corners = f"{labels[0]}, {labels[1]} above; {labels[2]}, {labels[3]} below"
        return sheet(rows, title="between four labels, z = 0", caption=corners)
    shares = list(weights) or [1 / len(labels)] * len(labels)
    codes = np.concatenate([studio.prior[0][None], studio.draw(count)[1:]])
    blend = latent_walks.mix(labels, shares, known)
    rows = [
        Row(decoder.decode(codes, np.tile(condition, (count, 1))), name)
        for name, condition in zip((*labels, "mix"), (*pure, blend), strict=True)
    ]
    parts = zip(labels, shares, strict=True)
    recipe = " + ".join(f"{share:.2g} {name}" for name, share in parts)
    return sheet(rows, title=recipe, columns=["z = 0"])


def traverse(studio: ModelSession, *, count: int) -> Image.Image:
    """A row for each of up to `count` latent dimensions, the others held: by falling KL around
    a real image where there is a full model, in the given order around 0 otherwise."""
    decoder = studio.decoder
    count = min(count, decoder.latent_dim)
    mean, deviation = studio.prior
    told: np.ndarray | None = None
    if studio.examples is None:
        dimensions, notes, code = list(range(count)), [""] * count, mean
        if decoder.conditions:
            told = latent_walks.mix(decoder.conditions[:1], [1.0], decoder.conditions)
    else:
        sizes, note = _carried(*studio.codes)
        dimensions = latent_walks.argsort_descending(sizes)[:count]
        notes = [note.format(sizes[i]) for i in dimensions]
        codes, conditions = studio.encode(studio.choose(1))
        code, told = codes[0], None if conditions is None else conditions[0]
    values = mean[dimensions, None] + deviation[dimensions, None] * latent_walks.TRAVERSAL
    codes = latent_walks.traverse(code, dimensions, values)
    images = decoder.decode(codes, None if told is None else np.tile(told, (len(codes), 1)))
    rows = [
        Row(part, f"z{dimension}", note)
        for part, dimension, note in zip(np.split(images, count), dimensions, notes, strict=True)
    ]
    columns = [f"{value:+g}" if value else "0" for value in latent_walks.TRAVERSAL]
    return sheet(rows, title="one latent dimension in each row", columns=columns)


def edit(studio: ModelSession, *, count: int, attributes: Sequence[str]) -> Image.Image:
    """The same images moved along each attribute's vector by -4 to 4, a row for each image;
    of a decoder alone, codes of the prior."""
    for name in attributes:
        require(name in studio.steps, "--attributes", name, ", ".join(studio.steps))
    told: np.ndarray | None = None
    if studio.examples is None:
        codes, first = studio.draw(count), []
        if studio.decoder.conditions:
            every = np.eye(len(studio.decoder.conditions), dtype=np.float32)
            told = every[np.arange(count) % len(every)]
    else:
        positions = studio.choose(count)
        codes, told = studio.encode(positions)
        first = [studio.examples.images[positions]]
    strengths = latent_walks.EDITS
    rows = []
    for name in attributes:
        moved = latent_walks.edit(codes, studio.steps[name], strengths)
        conditions = None if told is None else np.repeat(told, len(strengths), axis=0)
        made = np.split(studio.decoder.decode(moved, conditions), len(codes))
        for number, images in enumerate(made):
            real = [images_of[number : number + 1] for images_of in first]
            rows.append(Row(np.concatenate([*real, images]), "" if number else name))
    columns = [*("real" for _ in first), *(f"{s:+g}" if s else "0" for s in strengths)]
    return sheet(rows, title="along the attribute vectors", columns=columns)


def _carried(z_mean: np.ndarray, z_log_var: np.ndarray | None) -> tuple[np.ndarray, str]:
    """How much each dimension carries, and the words for it."""
    if z_log_var is None:
        return z_mean.var(axis=0), "variance {:.2g}"
    return latent_walks.kl_by_dimension(z_mean, z_log_var), "KL {:.2f} nats"


def _pairs(
    studio: ModelSession, count: int, ends: tuple[str, str] | None, labels: Sequence[str]
) -> list[int]:
    """Positions of A, B, A, B...: the named examples, or of two labels where there are."""
    assert studio.examples is not None
    if ends is None:
        return studio.choose(2 * count, labels)
    keys = [key.decode() for key in studio.examples.keys]
    for option, key in zip(("--from", "--to"), ends, strict=True):
        require(key in keys, option, key, f"a key of the split, such as {keys[0]}")
    return [keys.index(key) for key in ends]


def _lines(images: np.ndarray, name: str = "") -> list[Row]:
    return [
        Row(images[start : start + COLUMNS], name if start == 0 else "")
        for start in range(0, len(images), COLUMNS)
    ]
