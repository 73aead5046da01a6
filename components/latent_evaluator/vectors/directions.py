"""The mathematics of attribute vectors, on numpy arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from components.latent_evaluator.passes.moments import Moments


def mean_differences(positive: Moments, negative: Moments) -> tuple[np.ndarray, np.ndarray]:
    """The mean with an attribute minus the mean without, and its standard error.

    Larsen et al. 2016 (arXiv 1512.09300), section 4.2. The error of each component is
    sqrt(s+^2 / n+ + s-^2 / n-), of two independent means (Welch 1947).

    Returns:
      vectors float64 [A, d], NaN where a class is empty; standard_error float64 [A, d], NaN
      where a class has fewer than two images.
    """
    known = (np.minimum(positive.count, negative.count) > 0)[:, None]
    vectors = np.where(known, positive.mean - negative.mean, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = positive.variance / positive.count[:, None]
        error = error + negative.variance / negative.count[:, None]
    return vectors, np.sqrt(error)


def corrected_norm(vectors: np.ndarray, standard_error: np.ndarray) -> np.ndarray:
    """The length of the true vector, float64 [A], freed of what sampling adds to it.

    E|v|^2 = |true v|^2 + sum of the squared standard errors, so that sum is taken off:
    sqrt(max(0, |v|^2 - sum s^2)). Few positives and many dimensions make it large.
    """
    squared = np.sum(vectors**2 - standard_error**2, axis=1)
    return np.sqrt(np.maximum(squared, 0))


def cosines(vectors: np.ndarray) -> np.ndarray:
    """Between all pairs, float64 [A, A]; NaN where a vector is NaN or zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = vectors / norms
    return np.clip(unit @ unit.T, -1, 1)


def without_directions(vector: np.ndarray, others: Sequence[np.ndarray]) -> np.ndarray:
    """What is left of a vector [d] orthogonal to all the others' directions, float64 [d].

    Moving along it leaves the projections on the others as they are ("Blond_Hair without
    Male"): the residual of least squares, v - Q Q^T v with Q an orthonormal basis of them.
    """
    spanned, scale, _ = np.linalg.svd(np.stack(others, axis=1), full_matrices=False)
    basis = spanned[:, scale > scale.max() * 1e-10]
    return vector - basis @ (basis.T @ vector)


def projections(points: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Where points [n, d] lie along a vector [d]: points . vector / |vector|, float64 [n]."""
    return points.astype(np.float64) @ (vector / np.linalg.norm(vector))


def midpoint_accuracy(
    points: np.ndarray, positive: np.ndarray, vector: np.ndarray, middle: np.ndarray
) -> float:
    """The share of points [n, d] that lie on their class's side of the middle [d].

    The classifier of the nearer class mean, seen along the vector alone. NaN without points.
    """
    if not len(points):
        return float("nan")
    beyond = projections(points - middle, vector) > 0
    return float(np.mean(beyond == positive))
