"""Counts, means and second moments of many groups at once, merged without losing digits."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Moments:
    """The moments of points in d dimensions, in each of G groups that may overlap.

    count: float64 [G]; mean: float64 [G, d], 0 where count is; deviations: float64 [G, d],
    the sum of squared deviations from the mean.
    """

    count: np.ndarray
    mean: np.ndarray
    deviations: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, member: np.ndarray) -> Moments:
        """Computes the moments of points [n, d], each in the groups that `member`, bool [n, G],
        says."""
        points, weights = points.astype(np.float64), member.astype(np.float64).T
        centre = points.mean(axis=0) if len(points) else 0.0
        shifted = points - centre  # so that squares of a far-off mean cancel nothing
        count = weights.sum(axis=1)
        known = np.maximum(count, 1)[:, None]
        mean = weights @ shifted / known
        deviations = weights @ shifted**2 - count[:, None] * mean**2
        filled = count[:, None] > 0
        return cls(count, np.where(filled, mean + centre, 0.0), np.maximum(deviations, 0))

    def merge(self, other: Moments) -> Moments:
        """Returns the moments of both sets together (Chan, Golub & LeVeque 1983, eq. 2.1)."""
        count = self.count + other.count
        share = (other.count / np.maximum(count, 1))[:, None]
        gap = other.mean - self.mean
        return Moments(
            count,
            self.mean + gap * share,
            self.deviations + other.deviations + gap**2 * share * self.count[:, None],
        )

    @property
    def variance(self) -> np.ndarray:
        """The unbiased variance, float64 [G, d]; NaN for fewer than two points."""
        count = self.count[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(count > 1, self.deviations / (count - 1), np.nan)

    def __getitem__(self, groups: slice) -> Moments:
        return Moments(self.count[groups], self.mean[groups], self.deviations[groups])
