"""Intervals by resampling: how far a number would move on other images of the same kind."""

from __future__ import annotations

import numpy as np

TAILS = (2.5, 97.5)  # per cent: of a 95 % interval
DEVIATIONS = 1.96  # from the middle of a Gaussian to the ends of its 95 % interval
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
    return percentile_interval(resampled_means(values, counts))


def resampled_means(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Returns the mean of one value an image, [n], under each resample, float64 [resamples]."""
    return counts.astype(np.float64) @ values / len(values)


def share_interval(value: float, draws: np.ndarray, size: int) -> Interval:
    """Returns the interval of a share of `size` images whose draws, [resamples], spread about it.

    Wilson's score interval (1927) for as many independent images as would spread like that, `size`
    at most: shares near 0 and 1 keep an interval, within 0 and 1. The share is taken two images
    off the end for that number (Agresti & Coull 1998).
    """
    inside = (value * size + 2) / (size + 4)
    spread = float(np.var(draws))
    images = min(size, inside * (1 - inside) / spread) if spread > 0 else size
    weight = DEVIATIONS**2 / images
    middle = value + weight / 2
    half = DEVIATIONS * np.sqrt(max(value * (1 - value), 0) / images + weight / (4 * images))
    low, high = (middle - half) / (1 + weight), (middle + half) / (1 + weight)
    return (float(max(low, 0)), float(min(high, 1)))


def ratio_interval(value: float, draws: np.ndarray) -> Interval:
    """Returns the interval of a number that is at least 0 and skewed, by its draws, [resamples]: a
    Gaussian one of its logarithm."""
    width = DEVIATIONS * float(np.std(draws))
    if value <= 0:
        return (0.0, width)
    return (value * float(np.exp(-width / value)), value * float(np.exp(width / value)))
