"""The area under the ROC curve of scores, its interval, and that of attribute vectors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

NORMAL_QUANTILE = 1.959964  # of a two-sided interval of 95 %
_HALVINGS = 50  # of the distance to an end of the interval


class Areas(NamedTuple):
    """Areas under ROC curves and their 95 % intervals, float64 [A] each; NaN where undefined."""

    area: np.ndarray
    low: np.ndarray
    high: np.ndarray


def auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Returns the area under the ROC curve: the chance that a positive scores above a negative.

    The Mann-Whitney statistic over n+ n- (Hanley & McNeil 1982); of equal scores half counts.
    0 to 1, 0.5 being chance; NaN where there is only one class or a score is NaN.
    """
    areas, _ = _areas(scores[:, None], positive[:, None])
    return float(areas[0])


def areas_with_intervals(scores: np.ndarray, positive: np.ndarray) -> Areas:
    """Returns the area of each column of scores [n, A] for the classes bool [n, A].

    The ends t of an interval are where |area - t| = 1.96 sqrt(k V(t)) (a score interval:
    Newcombe 2006, "Confidence intervals for an effect size measure based on the Mann-Whitney
    statistic", part 2, method 5), with Hanley and McNeil's variance V, in which
    (n+ + n-) / 2 - 1 stands for the size of either class less one. V takes both classes to spread
    alike, so it is multiplied by k, the ratio to it of the variance that the scores show (DeLong
    et al. 1988), where that is above 1. No interval has width 0, not even at an area of 1.
    """
    areas, variance = _areas(scores, positive)
    counts = positive.sum(axis=0).astype(np.float64)
    others = len(scores) - counts
    # At an area of 0 or 1 the ratio would be one of two zeros.
    margin = 0.5 / np.maximum(np.minimum(counts, others), 1)
    scale = np.fmax(1, variance / _variance(np.clip(areas, margin, 1 - margin), counts, others))
    ends = []
    for limit in (0.0, 1.0):
        outside = np.where(np.isnan(areas), np.nan, limit)
        inside = areas
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            allowed = NORMAL_QUANTILE * np.sqrt(scale * _variance(middle, counts, others))
            beyond = np.abs(areas - middle) > allowed
            outside = np.where(beyond, middle, outside)
            inside = np.where(beyond, inside, middle)
        ends.append((inside + outside) / 2)
    return Areas(areas, *ends)


def _areas(scores: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the area of each column, and its variance by DeLong et al. 1988 (NaN where a class
    has a single image), float64 [A] each."""
    if not len(scores):
        return np.full((2, scores.shape[1]), np.nan)  # type: ignore[return-value]
    counts, others = positive.sum(axis=0), (~positive).sum(axis=0)
    ranks = stats.rankdata(scores, axis=0)
    # Scores of the other class come last, so those of the one class are ranked among themselves.
    own = stats.rankdata(np.where(positive, scores, np.inf), axis=0)
    own = np.where(positive, own, stats.rankdata(np.where(positive, np.inf, scores), axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        # The share of the other class that an image scores above; below, for a negative.
        share = (ranks - own) / np.where(positive, others, counts)
        share = np.where(positive, share, 1 - share)
        wins = np.where(positive, ranks - own, 0).sum(axis=0)
        areas = wins / (counts * others)
        variance = np.zeros(len(areas))
        for members, size in ((positive, counts), (~positive, others)):
            squares = np.where(members, (share - areas) ** 2, 0).sum(axis=0)
            variance = variance + squares / (size - 1) / size
    undefined = (np.minimum(counts, others) == 0) | np.isnan(scores).any(axis=0)
    return np.where(undefined, np.nan, areas), np.where(undefined, np.nan, variance)


def _variance(area: np.ndarray, counts: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the variance of an estimate whose true value is `area`, by Newcombe's formula."""
    pairs = np.where(counts * others > 0, counts * others, np.nan)
    size = (counts + others) / 2 - 1
    overlap = (1 - area) / (2 - area) + area / (1 + area)
    return area * (1 - area) * (1 + size * overlap) / pairs


def mean_auc(codes: np.ndarray, attributes: np.ndarray) -> float | None:
    """Returns the area under the ROC curve of each attribute's vector, averaged over attributes.

    The vector is the mean code [latent_dim] with the attribute minus the mean code without it
    (Larsen et al. 2016, section 4.1.1), from every other image; the area is that of its projection
    on the images between. 0.5 (chance) to 1; None where no attribute has two images of either kind
    in both halves.
    """
    areas = []
    for column in attributes.T.astype(bool):
        halves = [column[::2], column[1::2]]
        if min(min(half.sum(), (~half).sum()) for half in halves) < 2:
            continue
        learned = codes[::2]
        vector = learned[halves[0]].mean(axis=0) - learned[~halves[0]].mean(axis=0)
        areas.append(auc(codes[1::2] @ vector, halves[1]))
    return float(np.mean(areas)) if areas else None
