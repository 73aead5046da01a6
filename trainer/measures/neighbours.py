"""Fidelity and diversity by nearest neighbours: precision, recall, density and coverage.

Kynkäänniemi et al. 2019 (arXiv 1904.06991), eq. 1 and 2; Naeem et al. 2020 (arXiv 2002.09797),
eq. 3 and 4. All four count balls: around each point of a set, reaching to its k-th nearest
neighbour in the set.

How far they would move on other images cannot be bootstrapped: a copy of a point is its nearest
neighbour, and shrinks its ball to nothing (Abadie & Imbens 2008). It is taken from random halves
of both sets instead: a half and the other are independent samples of half the size, so half their
difference spreads as the number of the whole sets does (balanced half-samples, McCarthy 1969).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

PRECISION_NEIGHBOURS = 3  # Kynkäänniemi et al. 2019, section 3
DENSITY_NEIGHBOURS = 5  # Naeem et al. 2020, section 3
LEAST = 2 * (DENSITY_NEIGHBOURS + 1)  # points of a set: each half has one more than neighbours
_KNOWN = 40  # nearest neighbours kept of each point: 5 of them are in its half, but for 1 in 10^7
_BLOCK = 512  # rows of distances held at once
_CELLS = 1 << 20  # pairs in splits held at once


class Halved(NamedTuple):
    """A number of two sets, with its values under splits of both into halves.

    value: of the whole sets.
    draws: `value` plus half the difference between the two halves, for each split, float64 [r].
    """

    value: float
    draws: np.ndarray


class Neighbourhood(NamedTuple):
    """The four numbers of two sets.

    precision: share of generated points inside a ball of the real ones, 3 neighbours.
    recall: share of real points inside a ball of the generated ones, 3 neighbours.
    density: real balls around a generated point, averaged, over their 5 neighbours: 1 where sets
      are alike, above 1 where samples keep to where real images are dense. Unlike for precision,
      an outlier's large ball counts once.
    coverage: share of real balls, 5 neighbours, that hold a generated point; 1 - 2^-5 where sets
      of the same size are alike.
    """

    precision: Halved
    recall: Halved
    density: Halved
    coverage: Halved


def draw_halves(size: int, splits: int, seed: int) -> np.ndarray:
    """Draws random halves of a set, equal to one point: bool [splits, size]."""
    rng = np.random.default_rng(seed)
    return rng.permuted(np.tile(np.arange(size) % 2 == 0, (splits, 1)), axis=1)


def squared_distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the squared distance of every pair, [n, m], at least 0.

    Both sets, [n, d] and [m, d], are centred on the mean of the others in float64, so that an
    offset common to all costs no digits. The products are of the points' own precision: float32
    where both sets are.
    """
    precision = np.result_type(points, others, np.float32)
    centre = others.mean(axis=0, dtype=np.float64)
    points, others = ((each - centre).astype(precision) for each in (points, others))
    squared = points @ others.T
    squared *= -2
    squared += np.einsum("nd,nd->n", points, points)[:, None]
    squared += np.einsum("md,md->m", others, others)[None, :]
    return np.maximum(squared, 0, out=squared)


def compare_neighbours(
    real: np.ndarray, generated: np.ndarray, halves: np.ndarray, generated_halves: np.ndarray
) -> Neighbourhood:
    """Compares two sets of features by the nearest neighbours of each.

    Args:
      real, generated: [n, d] and [m, d]; n and m at least `LEAST`.
      halves, generated_halves: which points are in one half of each split, bool [r, n] and
        [r, m], as `draw_halves` returns them. Shared by several sets of generated points, they
        make the differences of draws those of pairs.
    """
    real, generated = real.astype(np.float64), generated.astype(np.float64)
    sides, generated_sides = (  # the first split leaves each set whole
        np.concatenate([np.ones((1, each.shape[1]), bool), each])
        for each in (halves, generated_halves)
    )
    narrow, wide = _radii(real, sides, (PRECISION_NEIGHBOURS, DENSITY_NEIGHBOURS))
    (generated_radii,) = _radii(generated, generated_sides, (PRECISION_NEIGHBOURS,))
    _, covered = _hits(real, generated, narrow, sides, generated_sides)
    _, recalled = _hits(generated, real, generated_radii, generated_sides, sides)
    holds, held = _hits(real, generated, wide, sides, generated_sides)
    return Neighbourhood(
        precision=_halved(covered > 0, generated_sides),
        recall=_halved(recalled > 0, sides),
        density=_halved(held / np.float32(DENSITY_NEIGHBOURS), generated_sides),
        coverage=_halved(holds > 0, sides),
    )


def _halved(values: np.ndarray, sides: np.ndarray) -> Halved:
    """Returns the mean of values, [splits, n]: of the whole set in the first split, in the others
    by half."""
    value = float(values[0].mean(dtype=np.float64))
    first = values[1:].mean(axis=1, where=sides[1:], dtype=np.float64)
    second = values[1:].mean(axis=1, where=~sides[1:], dtype=np.float64)
    return Halved(value, np.asarray(value + (first - second) / 2))


def _radii(points: np.ndarray, sides: np.ndarray, counts: tuple[int, ...]) -> list[np.ndarray]:
    """Returns the squared distance of each point to its k-th neighbour on its own side of each
    split, float64 [splits, n], for each k of `counts`."""
    near, distances = _nearest(points, min(_KNOWN, len(points) - 1))
    radii = [np.empty(sides.shape) for _ in counts]
    for some in _parts(len(sides), _CELLS // near.size):
        own = np.cumsum(sides[some][:, near] == sides[some][:, :, None], axis=2, dtype=np.uint8)
        for k, found in zip(counts, radii, strict=True):
            reached = own >= k
            last = np.where(reached[:, :, -1], reached.argmax(axis=2), near.shape[1] - 1)
            found[some] = distances[np.arange(len(points)), last]
    return radii


def _nearest(points: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the nearest others of each point, nearest first, int [n, count], and their squared
    distances."""
    indices, values = [], []
    for part in _parts(len(points)):
        distances = squared_distances(points[part], points)
        rows = np.arange(len(distances))
        distances[rows, np.arange(len(points))[part]] = np.inf
        near = np.argpartition(distances, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(distances, near, axis=1), axis=1, kind="stable")
        indices.append(np.take_along_axis(near, order, axis=1))
        values.append(np.take_along_axis(distances, indices[-1], axis=1))
    return np.concatenate(indices), np.concatenate(values)


def _hits(
    centres: np.ndarray,
    points: np.ndarray,
    radii: np.ndarray,
    sides: np.ndarray,
    point_sides: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Counts the points inside balls on the same side of each split.

    Args:
      centres, points: [n, d] and [m, d].
      radii: squared, of the balls, [splits, n].
      sides, point_sides: bool, [splits, n] and [splits, m].

    Returns:
      How many points each ball holds, [splits, n], and how many balls hold each point, [splits, m].
    """
    holds, held = (np.zeros(each.shape, np.float32) for each in (sides, point_sides))
    least, most = radii.min(axis=0), radii.max(axis=0)
    for part in _parts(len(centres)):
        distances = squared_distances(centres[part], points)
        # A pair that every split's ball is large enough for is counted by products of matrices.
        always = (distances <= least[part, None]).astype(np.float32)
        held += _on_own_side(sides[:, part], always, point_sides)
        holds[:, part] += _on_own_side(point_sides, always.T, sides[:, part])
        ball, point = np.nonzero((distances <= most[part, None]) & (always == 0))
        between = distances[ball, point]
        for some in _parts(len(sides), _CELLS // max(len(ball), 1)):
            inside = between <= radii[some, part][:, ball]
            inside &= sides[some, part][:, ball] == point_sides[some][:, point]
            split, pair = np.nonzero(inside)
            _count(holds[some, part], split, ball[pair])
            _count(held[some], split, point[pair])
    return holds, held


def _count(counts: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> None:
    """Adds one to the cell of each row and column."""
    cells = np.bincount(rows * counts.shape[1] + columns, minlength=counts.size)
    counts += cells.reshape(counts.shape)


def _on_own_side(sides: np.ndarray, pairs: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns for each split how many pairs each of `others` has on its own side, [splits, m], of
    `pairs` of 0 and 1, [n, m]."""
    first = sides.astype(np.float32) @ pairs
    return np.where(others, first, pairs.sum(axis=0) - first)


def _parts(size: int, length: int = _BLOCK) -> Iterator[slice]:
    """Yields slices of a length, 1 where it is 0, that cover a size."""
    length = max(length, 1)
    return (slice(start, start + length) for start in range(0, size, length))
