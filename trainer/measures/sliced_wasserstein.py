"""The sliced Wasserstein distance of two sets of points."""

from __future__ import annotations

import numpy as np


def sliced_wasserstein(
    real: np.ndarray, generated: np.ndarray, *, projections: int, seed: int
) -> float:
    """Returns the sliced 2-Wasserstein distance: sqrt of the mean of W2(u.x, u.y)^2 over directions
    u.

    Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters of measures", definition 6,
    with directions drawn uniformly from the unit sphere. In one dimension W2 is exact for any
    two numbers of points: the quantile functions are subtracted.

    Points are [n, d] and [m, d], n and m >= 1; `projections` >= 1 is the number of directions,
    whose seed is the same for all sets that are compared. The distance is in the unit of the
    points, at least 0; 0 for equal sets in any order; NaN if a point is.
    """
    directions = draw_directions(real.shape[1], projections, seed)
    one, other = project(real, directions), project(generated, directions)
    return distance_of_projections(one, other)


def draw_directions(size: int, projections: int, seed: int) -> np.ndarray:
    """Draws unit vectors, uniform on the sphere, float32 [size, projections]."""
    drawn = np.random.default_rng(seed).standard_normal((size, projections), np.float32)
    return drawn / np.linalg.norm(drawn, axis=0)


def project(points: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Projects points [n, d] on directions, each column sorted: float32 [n, projections]."""
    return np.sort(points.astype(np.float32, copy=False) @ directions, axis=0)


def distance_of_projections(one: np.ndarray, other: np.ndarray) -> float:
    """Returns the distance of sets by their projections, [n, p] and [m, p], each column sorted."""
    n, m = len(one), len(other)
    if n == m:
        gaps = one.astype(np.float64) - other
        return float(np.sqrt(np.mean(gaps**2)))
    # Both quantile functions are constant between these multiples of 1 / (n m).
    cuts = np.unique(np.concatenate([np.arange(1, n + 1) * m, np.arange(1, m + 1) * n]))
    widths = np.diff(cuts, prepend=0) / (n * m)
    gaps = one[(cuts - 1) // m].astype(np.float64) - other[(cuts - 1) // n]
    return float(np.sqrt(np.mean(widths @ gaps**2)))
