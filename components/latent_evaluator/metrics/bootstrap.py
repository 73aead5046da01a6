"""Bootstrap intervals: how far a number would move on other images of the same kind."""

from __future__ import annotations

import numpy as np

TAILS = (2.5, 97.5)  # per cent: of a 95 % interval
Interval = tuple[float, float]


def resample_counts(size: int, resamples: int, seed: int) -> np.ndarray:
    """Draws with replacement how often each image is in each resample, float32 [resamples, size].

    The same seed draws the same images, so that two models judged on them are paired.
    """
    drawn = np.random.default_rng(seed).integers(0, size, (resamples, size))
    return np.stack([np.bincount(row, minlength=size) for row in drawn]).astype(np.float32)


def percentile_interval(statistics: np.ndarray) -> Interval:
    """Returns the 95 % percentile interval of resampled statistics (Efron & Tibshirani 1993, 13.3).

    Statistics [resamples] that are NaN (a resample without one of two classes) do not count; both
    ends are NaN where none is a number.
    """
    known = statistics[~np.isnan(statistics)]
    if not len(known):
        return (float("nan"), float("nan"))
    low, high = np.percentile(known, TAILS)
    return (float(low), float(high))


def mean_interval(values: np.ndarray, counts: np.ndarray) -> Interval:
    """Returns the interval of the mean of one value an image, [n], by resamples [resamples, n]."""
    return percentile_interval(counts.astype(np.float64) @ values / len(values))
