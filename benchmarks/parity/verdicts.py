"""Answers that rest on all seeds of a row: means, spreads, and what they allow to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
NEAR = 0.005  # of the published number
NOT_ANSWERED = "not answered"


class Interval(NamedTuple):
    """The mean over seeds, and half of its 95 % interval by Student's t (1908)."""

    mean: float
    half: float


def interval(values: Sequence[float] | np.ndarray) -> Interval:
    """Returns the interval of the mean of two or more values."""
    quantile = stats.t.ppf(0.5 + CONFIDENCE / 2, len(values) - 1)
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return Interval(float(np.mean(values)), float(quantile * error))


def verdict(values: Sequence[float] | np.ndarray, published: float, missing: Sequence[int]) -> str:
    """Returns how a loss stands to the published one, in words.

    The whole interval of the mean must lie where the word says: at or below the published number
    (reached), at most NEAR above it, or above that (not reached). Nothing is answered otherwise,
    nor while declared seeds are missing.
    """
    if missing or len(values) < 2:
        difference = float(np.mean(values)) / published - 1
        return f"{NOT_ANSWERED}: {_runs(len(values))} ({difference:+.1%})"
    mean, half = interval(values)
    low, high = (mean - half) / published - 1, (mean + half) / published - 1
    if high <= 0:
        word = "reached"
    elif high <= NEAR:
        word = f"within {NEAR:.1%}"
    elif low > NEAR:
        word = "not reached"
    else:
        word = f"{NOT_ANSWERED}: the seeds differ too much"
    return f"{word} ({mean / published - 1:+.1%}, {low:+.1%} to {high:+.1%})"


def agreed(answers: Sequence[str], missing: Sequence[int]) -> str:
    """Returns the answer that every declared seed gives; none where they differ or are missing."""
    if missing:
        return f"{NOT_ANSWERED}: {_runs(len(answers))}"
    if len(set(answers)) > 1:
        return f"{NOT_ANSWERED}: the seeds say {', '.join(answers)}"
    return answers[0]


def spread(values: Sequence[float] | np.ndarray, form: str = ".2f") -> str:
    """Returns the mean, and where there are several values their standard deviation."""
    mean = format(float(np.mean(values)), form)
    if len(values) < 2:
        return mean
    return f"{mean} ± {format(float(np.std(values, ddof=1)), form)}"


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"
