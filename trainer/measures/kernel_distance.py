"""The kernel distance of two sets of features (KID), its standard error and its resamples.

Bińkowski et al. 2018, "Demystifying MMD GANs" (arXiv 1801.01401), section 4: the unbiased estimate
of the squared maximum mean discrepancy (Gretton et al. 2012, eq. 3) with a cubic polynomial kernel.
Unlike a Fréchet distance it does not grow as sets get smaller, and features need not be Gaussian.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

DEGREE = 3
_BLOCK = 512  # rows of the kernel matrix held at once


class MeanKernel(NamedTuple):
    """The kernel of all pairs of images of one set, or of all pairs between two sets.

    value: its mean over pairs; NaN without one.
    rows: the sum over the pairs of each image of the first set, float64 [n].
    columns: the same of the second set, [m]; of the same set where there is one.
    draws: the mean under each resample, float64 [resamples].
    """

    value: float
    rows: np.ndarray
    columns: np.ndarray
    draws: np.ndarray


class KernelDistance(NamedTuple):
    """An unbiased squared distance, so that it may be below 0 where sets are alike.

    standard_error: of the value, by the jackknife over the images of both sets.
    draws: the distance under each resample, float64 [resamples].
    """

    value: float
    standard_error: float
    draws: np.ndarray


def kernel(features: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns (x.y / d + 1)^3 of every pair, float64 [n, m], of features [n, d] and [m, d]."""
    products = features.astype(np.float64) @ others.astype(np.float64).T
    products /= features.shape[1]
    products += 1
    return products**DEGREE


def within(features: np.ndarray, counts: np.ndarray) -> MeanKernel:
    """Returns the mean kernel of two different images of a set.

    A resample's copies of one image are no pair: their kernel is that of an image with itself,
    which the unbiased estimate leaves out.

    Args:
      features: [n, d].
      counts: how often each resample holds each image, [resamples, n].
    """
    size, weights = len(features), counts.astype(np.float32)
    rows, draws = np.zeros(size), np.zeros(len(counts))
    for part, values in _blocks(features, features):
        values[np.arange(len(values)), np.arange(size)[part]] = 0
        rows[part] = values.sum(axis=1)
        draws += _weighted(weights[:, part], values, weights)
    times = counts.astype(np.float64)
    pairs = times.sum(axis=1) ** 2 - (times**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = rows.sum() / np.float64(size * (size - 1))
        return MeanKernel(float(value), rows, rows, draws / pairs)


def between(
    features: np.ndarray,
    others: np.ndarray,
    counts: np.ndarray,
    other_counts: np.ndarray,
    *,
    twins: bool = False,
) -> MeanKernel:
    """Returns the mean kernel of an image of one set, [n, d], and one of another, [m, d].

    Args:
      counts, other_counts: how often each resample holds each image, [resamples, n] and
        [resamples, m].
      twins: whether image i of one set was made from image i of the other. They are alike without
        saying anything of the sets, and are no pair; the counts must be the same.
    """
    weights, other_weights = counts.astype(np.float32), other_counts.astype(np.float32)
    rows, columns, draws = np.zeros(len(features)), np.zeros(len(others)), np.zeros(len(counts))
    for part, values in _blocks(features, others):
        if twins:
            values[np.arange(len(values)), np.arange(len(others))[part]] = 0
        rows[part] = values.sum(axis=1)
        columns += values.sum(axis=0)
        draws += _weighted(weights[:, part], values, other_weights)
    drawn = counts.sum(axis=1, dtype=np.float64) * other_counts.sum(axis=1, dtype=np.float64)
    if twins:
        drawn -= np.einsum("rn,rn->r", counts, other_counts, dtype=np.float64)
    pairs = len(features) * (len(others) - twins)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = rows.sum() / np.float64(pairs)
        return MeanKernel(float(value), rows, columns, draws / drawn)


def kernel_distance(
    one: MeanKernel, other: MeanKernel, both: MeanKernel, *, twins: bool = False
) -> KernelDistance:
    """Combines the kernels within two sets and between them to the squared distance of the sets.

    The value is NaN where a set has fewer than two images, the standard error where it has fewer
    than three. Twins (see `between`) are left out together by the jackknife.
    """
    n, m = len(both.rows), len(both.columns)
    if twins:
        across = _mean_without(both, both.rows + both.columns, (n - 1) * (n - 2))
        left_out = [_inner(one) + _inner(other) - 2 * across]
    else:
        left_out = [
            _inner(one) + other.value - 2 * _mean_without(both, both.rows, (n - 1) * m),
            _inner(other) + one.value - 2 * _mean_without(both, both.columns, n * (m - 1)),
        ]
    return KernelDistance(
        value=one.value + other.value - 2 * both.value,
        standard_error=float(np.sqrt(sum(map(_spread, left_out)))),
        draws=one.draws + other.draws - 2 * both.draws,
    )


def distance_of_sets(features: np.ndarray, others: np.ndarray) -> KernelDistance:
    """Returns the squared distance of features [n, d] and [m, d], without resamples."""
    none, no_others = np.empty((0, len(features))), np.empty((0, len(others)))
    both = between(features, others, none, no_others)
    return kernel_distance(within(features, none), within(others, no_others), both)


def _blocks(features: np.ndarray, others: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields rows of the kernel matrix: which, and their values, float64 [rows, m]."""
    others = others.astype(np.float64)
    for start in range(0, len(features), _BLOCK):
        part = slice(start, start + _BLOCK)
        yield part, kernel(features[part], others)


def _weighted(weights: np.ndarray, values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the sum of values [n, m] weighted by rows [r, n] and columns [r, m]: float64 [r].

    Products are of float32, twice as fast; what is common to all pairs is taken off before, so
    that rounding is relative to how pairs differ.
    """
    common = values.mean()
    products = others @ (values - common).astype(np.float32).T
    sums = np.einsum("rn,rn->r", products, weights, dtype=np.float64)
    sums += common * weights.sum(axis=1, dtype=np.float64) * others.sum(axis=1, dtype=np.float64)
    return sums


def _mean_without(kernels: MeanKernel, sums: np.ndarray, pairs: int) -> np.ndarray:
    """Returns the mean kernel without each image, [n], by the sums over the pairs of each, [n], and
    the number of pairs that are left."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (kernels.rows.sum() - sums) / np.float64(pairs)


def _inner(within_set: MeanKernel) -> np.ndarray:
    """Returns the mean kernel within a set without each of its images, [n]."""
    size = len(within_set.rows)
    return _mean_without(within_set, 2 * within_set.rows, (size - 1) * (size - 2))


def _spread(left_out: np.ndarray) -> float:
    """Returns the jackknife's variance of a statistic by its values without each image, [n]
    (Efron & Tibshirani 1993, eq. 11.5)."""
    size = len(left_out)
    return float((size - 1) * np.mean((left_out - left_out.mean()) ** 2))
