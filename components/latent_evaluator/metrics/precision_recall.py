"""Precision and recall: samples among the real images, and real images among the samples."""

from __future__ import annotations

import numpy as np

NEIGHBOURS = 3
_BLOCK = 1024  # rows of distances held at once


def precision_and_recall(
    real: np.ndarray, generated: np.ndarray, neighbours: int = NEIGHBOURS
) -> tuple[np.ndarray, np.ndarray]:
    """Finds the points of each set that the other covers.

    Kynkäänniemi et al. 2019 (arXiv 1904.06991), eq. 1 and 2.

    A set covers the balls around each of its points that reach to its `neighbours`-th nearest
    neighbour in the set. Precision is the share of generated points in what the real ones
    cover, recall the share of real points in what the generated ones cover.
    Args:
      real, generated: features [n, d] and [m, d], both n and m above `neighbours`.

    Returns:
      Whether each generated point is covered, bool [m], and each real one, bool [n]: their
      means are precision and recall.
    """
    return (
        _covered(generated, real, _radii(real, neighbours)),
        _covered(real, generated, _radii(generated, neighbours)),
    )


def squared_distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the squared distance of every pair, float32 [n, m], at least 0."""
    points, others = points.astype(np.float32), others.astype(np.float32)
    squared = points @ others.T
    squared *= -2
    squared += np.einsum("nd,nd->n", points, points)[:, None]
    squared += np.einsum("md,md->m", others, others)[None, :]
    return np.maximum(squared, 0, out=squared)


def _radii(points: np.ndarray, neighbours: int) -> np.ndarray:
    """Returns the squared distance of each point to its k-th neighbour, itself not counted: [n]."""
    blocks = [
        np.partition(squared_distances(points[i : i + _BLOCK], points), neighbours, axis=1)
        for i in range(0, len(points), _BLOCK)
    ]
    return np.concatenate([block[:, neighbours] for block in blocks])


def _covered(points: np.ndarray, centres: np.ndarray, radii: np.ndarray) -> np.ndarray:
    blocks = [
        (squared_distances(points[i : i + _BLOCK], centres) <= radii).any(axis=1)
        for i in range(0, len(points), _BLOCK)
    ]
    return np.concatenate(blocks)
