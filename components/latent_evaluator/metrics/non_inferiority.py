"""Tests of non-inferiority: a model must be shown to be no worse than another by a margin.

The end of the one-sided 95 % interval of how much worse a model is has to lie inside the margin, so
that a model worse by the whole margin passes once in twenty times at most, with any number of
images (Blackwelder 1982, "Proving the null hypothesis in clinical trials"). All comparisons of a
verdict have to pass, so none needs a correction for being one of several (Berger 1982,
"Multiparameter hypothesis testing"). For an equal model it is the other way round: it must pass
them all, and does so nineteen times in twenty only where the noise of each is small against its
margin. Where it is not, there are too few images to compare, and the number that would do is
named.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
from scipy import stats

WRONGLY_PASSED = 0.05  # share of models worse by the margin that pass
WRONGLY_REFUSED = 0.05  # share of equal models that do not, over all comparisons together
PASSED, REFUSED, TOO_FEW = "passed", "refused", "too few images"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """A number of a model beside that of a reference.

    worse: how much worse it is; negative where it is better.
    margin: how much worse it may be, at least 0, in the same unit.
    error: the standard error of margin - worse, which sampling of the images brings about.
    images: the size of the smallest set of images behind it, at least 2.
    """

    worse: float
    margin: float
    error: float
    images: int

    @classmethod
    def of(cls, worse: float, margin: float, slack: np.ndarray, images: int) -> Comparison:
        """Takes the error from draws of margin - worse under resamples of the images, [resamples].

        The normal approximation by their deviation needs fewer of them than percentiles do. A
        resample of n images varies (n - 1) / n times as much as n other images would.
        """
        known = slack[np.isfinite(slack)]
        deviation = float(known.std(ddof=1)) if len(known) > 1 else math.nan
        error = deviation * math.sqrt(images / (images - 1))
        return cls(worse=worse, margin=margin, error=error, images=images)

    @property
    def at_most(self) -> float:
        """The upper end of the one-sided 95 % interval of `worse`."""
        return self.worse + self._reach * self.error

    @property
    def at_least(self) -> float:
        """The lower end of the one-sided 95 % interval of `worse`."""
        return self.worse - self._reach * self.error

    @property
    def better(self) -> bool:
        """True where it is better beyond noise."""
        return self.at_most < 0

    def outcome(self, comparisons: int) -> str:
        """Returns PASSED, REFUSED or TOO_FEW, as one of that many comparisons of a verdict."""
        if self.at_most <= self.margin:
            return PASSED
        if self.at_least > self.margin or self.error <= self._error_allowed(comparisons):
            return REFUSED
        return TOO_FEW

    def needed(self, comparisons: int) -> float:
        """Returns about how many times as many images would do; infinite without a margin."""
        allowed = self._error_allowed(comparisons)
        return (self.error / allowed) ** 2 if allowed else math.inf

    def _error_allowed(self, comparisons: int) -> float:
        """Returns the error up to which an equal model passes in all comparisons often enough:
        the other error is divided among them (Bonferroni)."""
        return self.margin / (self._reach + self._quantile(1 - WRONGLY_REFUSED / comparisons))

    @property
    def _reach(self) -> float:
        return self._quantile(1 - WRONGLY_PASSED)

    def _quantile(self, probability: float) -> float:
        return _student(probability, self.images - 1)


@functools.lru_cache
def _student(probability: float, freedom: int) -> float:
    return float(stats.t.ppf(probability, freedom))


def round_up(count: float) -> int:
    """Returns a number of images with two digits that count, no smaller than `count`."""
    step = 10 ** max(0, math.floor(math.log10(max(count, 1))) - 1)
    return math.ceil(count / step) * step
