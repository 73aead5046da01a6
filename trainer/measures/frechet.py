"""The Fréchet distance between two sets of features, taken for Gaussian."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from threadpoolctl import threadpool_limits


def frechet_distance(
    mean: np.ndarray, covariance: np.ndarray, other_mean: np.ndarray, other: np.ndarray
) -> float:
    """Returns |m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)) (Dowson & Landau 1982; Heusel et al. 2017).

    The trace of the root is the sum of the roots of the eigenvalues of the symmetric matrix
    C^(1/2) C' C^(1/2), so nothing complex comes up.

    Means are [d], covariances [d, d], symmetric and positive semi-definite. The distance is at
    least 0, in squared units of the features; NaN where an input is not finite.
    """
    if not all(np.isfinite(x).all() for x in (mean, covariance, other_mean, other)):
        return float("nan")
    values, axes = np.linalg.eigh(covariance)
    root = (axes * np.sqrt(values.clip(0))) @ axes.T
    roots = np.sqrt(np.linalg.eigvalsh(root @ other @ root).clip(0))
    gap = mean - other_mean
    return float(max(0.0, gap @ gap + np.trace(covariance) + np.trace(other) - 2 * roots.sum()))


def distance_of_features(features: np.ndarray, others: np.ndarray) -> float:
    """Returns the distance of features [n, d] and [m, d], n and m at least 2. It grows as n and m
    get smaller."""
    return frechet_distance(*_gaussian(features), *_gaussian(others))


def resampled_distances(
    features: np.ndarray, others: np.ndarray, counts: np.ndarray, other_counts: np.ndarray
) -> np.ndarray:
    """Returns `distance_of_features` of [n, d] and [m, d] under resamples of the images, float64
    [r].

    counts, other_counts: how often a resample holds each image, [r, n], [r, m].
    """
    with threadpool_limits(1):  # on matrices this small more threads only wait for each other
        pairs = zip(_gaussians(features, counts), _gaussians(others, other_counts), strict=True)
        return np.array([frechet_distance(*one, *other) for one, other in pairs])


def _gaussian(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean [d] and the unbiased covariance [d, d] of features."""
    return next(_gaussians(features, np.ones((1, len(features)))))


def _gaussians(features: np.ndarray, counts: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the mean [d] and the unbiased covariance [d, d] of each resample [r, n]."""
    centre = features.mean(axis=0, dtype=np.float64)
    shifted = features - centre  # so that taking off the mean's square loses nothing
    for weights in counts.astype(np.float64):
        total = weights.sum()
        mean = weights @ shifted / total
        squares = (shifted * weights[:, None]).T @ shifted - total * np.outer(mean, mean)
        yield mean + centre, squares / (total - 1)
