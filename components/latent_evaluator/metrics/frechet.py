"""The Fréchet distance between two sets of features, taken for Gaussian."""

from __future__ import annotations

import numpy as np


def frechet_distance(
    mean: np.ndarray, covariance: np.ndarray, other_mean: np.ndarray, other: np.ndarray
) -> float:
    """|m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)) (Dowson & Landau 1982; Heusel et al. 2017).

    The trace of the root is the sum of the roots of the eigenvalues of the symmetric matrix
    C^(1/2) C' C^(1/2), so nothing complex comes up.

    Args:
      mean, other_mean: [d].
      covariance, other: [d, d], symmetric and positive semi-definite.

    Returns:
      At least 0, in squared units of the features; NaN where an input is not finite.
    """
    if not all(np.isfinite(x).all() for x in (mean, covariance, other_mean, other)):
        return float("nan")
    values, axes = np.linalg.eigh(covariance)
    root = (axes * np.sqrt(values.clip(0))) @ axes.T
    roots = np.sqrt(np.linalg.eigvalsh(root @ other @ root).clip(0))
    gap = mean - other_mean
    return float(max(0.0, gap @ gap + np.trace(covariance) + np.trace(other) - 2 * roots.sum()))


def distance_of_features(features: np.ndarray, others: np.ndarray) -> float:
    """Between features [n, d] and [m, d], n and m at least 2. Grows as n and m get smaller."""
    return frechet_distance(*_gaussian(features), *_gaussian(others))


def resampled_distances(
    features: np.ndarray, others: np.ndarray, counts: np.ndarray, other_counts: np.ndarray
) -> np.ndarray:
    """`distance_of_features` where images count as often as they are drawn, float64 [r].

    Args:
      features, others: [n, d], [m, d].
      counts, other_counts: [r, n], [r, m].
    """
    return np.array(
        [
            frechet_distance(*_gaussian(features, weights), *_gaussian(others, other_weights))
            for weights, other_weights in zip(counts, other_counts, strict=True)
        ]
    )


def _gaussian(
    features: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Mean [d] and unbiased covariance [d, d]."""
    features = features.astype(np.float64)
    if weights is None:
        return features.mean(axis=0), np.cov(features, rowvar=False, ddof=1).reshape(
            features.shape[1], -1
        )
    total = weights.sum(dtype=np.float64)
    mean = weights @ features / total
    centred = features - mean
    return mean, (centred * weights[:, None]).T @ centred / (total - 1)
