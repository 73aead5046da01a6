"""The area under the ROC curve of scores, and of attribute vectors."""

from __future__ import annotations

import numpy as np


def auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Returns the area under the ROC curve: the chance that a positive scores above a negative.

    The Mann-Whitney statistic over n+ n- (Hanley & McNeil 1982); of equal scores half counts.
    0 to 1, 0.5 being chance; NaN where there is only one class or a score is NaN.
    """
    return float(resampled_auc(scores, positive, np.ones((1, len(scores)), np.float32))[0])


def resampled_auc(scores: np.ndarray, positive: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Returns the AUC where image i counts `counts[r, i]` times, float64 [r]. See `auc`."""
    if not len(scores) or np.isnan(scores).any():
        return np.full(len(counts), np.nan)
    order = np.argsort(scores, kind="stable")
    ranked, is_positive = scores[order], positive[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    weights = counts[:, order].astype(np.float64)
    above = np.add.reduceat(weights * is_positive, starts, axis=1)
    below = np.add.reduceat(weights * ~is_positive, starts, axis=1)
    wins = above * (np.cumsum(below, axis=1) - below / 2)
    pairs = above.sum(axis=1) * below.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.where(pairs > 0, wins.sum(axis=1) / pairs, np.nan)


def mean_auc(codes: np.ndarray, attributes: np.ndarray) -> float | None:
    """Returns the area under the ROC curve of each attribute's vector, averaged over attributes.

    The vector is the mean code [latent_dim] with the attribute minus the mean code without it
    (Larsen et al. 2016, section 4.3), from every other image; the area is that of its projection on
    the images between. 0.5 (chance) to 1; None where no attribute has two images of either kind in
    both halves.
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
