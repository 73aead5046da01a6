"""Latent walks: grids, interpolations, traversals and mixes, as pure functions of arrays.

A code is z, float32 [latent_dim]; a condition is float32 [k], one value a name: a one-hot or
soft mix of labels, or attributes of 0 to 1. Results are in reading order: left to right,
then top to bottom.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

GRID_SIDE = 15
TRAVERSAL = np.linspace(-3, 3, 13, dtype=np.float32)  # in standard deviations of the prior
EDITS = np.arange(-4, 5, dtype=np.float32)  # strengths, as in the source


def normal_quantiles(count: int = GRID_SIDE, tail: float = 0.05) -> np.ndarray:
    """Returns quantiles of N(0, 1) at equal steps of probability, float32 [count].

    norm.ppf(linspace(tail, 1 - tail, count)): equal mass lies between neighbours, so that a
    grid of them shows the prior evenly.
    """
    normal = NormalDist()
    steps = np.linspace(tail, 1 - tail, count)
    return np.array([normal.inv_cdf(float(p)) for p in steps], np.float32)


def manifold(latent_dim: int, side: int = GRID_SIDE, plane: tuple[int, int] = (0, 1)) -> np.ndarray:
    """Returns the codes of a square grid over two dimensions, the others 0: float32 [side * side,
    latent_dim]. The plane's first dimension grows to the right, the second downwards. With a latent
    size of 1 it is one row, [side, 1]."""
    steps = normal_quantiles(side)
    if latent_dim == 1:
        return steps[:, None]
    codes = np.zeros((side, side, latent_dim), np.float32)
    codes[..., plane[0]] = steps[None, :]
    codes[..., plane[1]] = steps[:, None]
    return codes.reshape(-1, latent_dim)


def draw_codes(count: int, latent_dim: int, seed: int) -> np.ndarray:
    """Draws codes of the prior N(0, I), float32 [count, latent_dim]; the first n are the same
    for every count."""
    return np.random.default_rng(seed).standard_normal((count, latent_dim), np.float32)


def interpolate(start: np.ndarray, end: np.ndarray, count: int) -> np.ndarray:
    """Returns (1 - alpha) start + alpha end, `count` alphas from 0 to 1, float32 [count, ...]."""
    alphas = np.linspace(0, 1, count, dtype=np.float32).reshape(-1, *[1] * np.ndim(start))
    return (1 - alphas) * np.asarray(start, np.float32) + alphas * np.asarray(end, np.float32)


def kl_by_dimension(z_mean: np.ndarray, z_log_var: np.ndarray) -> np.ndarray:
    """Returns KL(q(z_i | x) || N(0, 1)) in nats, averaged over the images, float64 [latent_dim].

    Kingma & Welling 2014, appendix B: -1/2 (1 + log sigma^2 - mu^2 - sigma^2), of z_mean and
    z_log_var [images, latent_dim].
    """
    mean, log_var = np.asarray(z_mean, np.float64), np.asarray(z_log_var, np.float64)
    return (0.5 * (np.square(mean) + np.exp(log_var) - 1 - log_var)).mean(axis=0)


def argsort_descending(values: np.ndarray) -> list[int]:
    """Returns indices from the largest value to the smallest; of equals the lower index first."""
    return np.argsort(-np.asarray(values), kind="stable").tolist()


def traverse(code: np.ndarray, dimensions: Sequence[int], values: np.ndarray) -> np.ndarray:
    """Returns a row for each dimension: the code [latent_dim] with that dimension set to each of
    its values [dimensions, steps]; float32 [dimensions * steps, latent_dim]."""
    rows = np.tile(np.asarray(code, np.float32), (len(dimensions), values.shape[1], 1))
    for row, dimension in enumerate(dimensions):
        rows[row, :, dimension] = values[row]
    return rows.reshape(-1, rows.shape[-1])


def edit(codes: np.ndarray, direction: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Moves every code [rows, latent_dim] along a direction [latent_dim] by each strength
    [columns].

    Returns:
      float32 [rows * columns, latent_dim].
    """
    steps = np.asarray(strengths, np.float32)[:, None] * np.asarray(direction, np.float32)
    moved = np.asarray(codes, np.float32)[:, None] + steps
    return moved.reshape(-1, moved.shape[-1])


def outer_product(codes: np.ndarray, conditions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs every code (a row of images) with every condition (a column): codes
    [rows * columns, latent_dim] and conditions [rows * columns, k]."""
    return np.repeat(codes, len(conditions), axis=0), np.tile(conditions, (len(codes), 1))


def mix(names: Sequence[str], weights: Sequence[float], conditions: Sequence[str]) -> np.ndarray:
    """Returns the condition with these weights at these names, 0 elsewhere, float32 [k]."""
    condition = np.zeros(len(conditions), np.float32)
    for name, weight in zip(names, weights, strict=True):
        condition[conditions.index(name)] += weight
    return condition


def blend_corners(corners: np.ndarray, side: int) -> np.ndarray:
    """Returns the bilinear mixes of four conditions [4, k] (top left, top right, bottom left,
    bottom right) at `side` >= 2 rows and columns, float32 [side * side, k]."""
    top = interpolate(corners[0], corners[1], side)
    bottom = interpolate(corners[2], corners[3], side)
    return interpolate(top, bottom, side).reshape(side * side, -1)


def round_robin(labels: Sequence[str], count: int) -> list[int]:
    """Returns up to `count` positions: the first of every label, then the second of every label, …,
    in sorted order of the labels; without labels (all empty) the first ones."""
    turns: dict[str, int] = {}
    order = []
    for position, label in enumerate(labels):
        turns[label] = turns.get(label, -1) + 1
        order.append((turns[label], label, position))
    return [position for *_, position in sorted(order)[:count]]
