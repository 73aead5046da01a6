"""Probes of the condition in the codes of a conditional model."""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple

import numpy as np
from scipy import stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from trainer.measures.auc import areas_with_intervals

ACCURACY, MEAN_AUC = "accuracy", "mean AUC"
NEIGHBOURS = 50  # at most; fewer where the root of the images to learn from is smaller
ALPHA = 0.001  # chance that codes without a trace are taken for codes with one


class Probe(NamedTuple):
    """Scores of two probes on held-out images.

    linear: of a logistic regression. neighbours: of the majority of the nearest codes.
    chance: of knowing nothing. measure: what all three are.
    independent: whether neither probe reads more than chance would once in a thousand times.
    """

    linear: float
    neighbours: float
    chance: float
    measure: str
    independent: bool

    @property
    def score(self) -> float:
        """The score of the better probe: independence is a matter of both."""
        return max(self.linear, self.neighbours)


def probe_labels(z: np.ndarray, labels: np.ndarray) -> Probe | None:
    """Measures how often the label can be read from the code.

    If Z is independent of Y ("Autoencoders in Keras", part 4: the code keeps only the style),
    nothing can beat the commonest label's share. A logistic regression sees what lies on either
    side of a plane; the nearest codes see the rest, too, such as a label that is in |z|. Both learn
    from the even positions and are scored on the odd ones.
    None where the images to learn from have fewer than two labels. z: [n, d]; labels: [n].
    """
    if len(set(labels[::2])) < 2 or not len(labels[1::2]):
        return None
    names, indices = np.unique(labels, return_inverse=True)
    asked = indices[1::2]
    guesses = (
        _fitted(z[::2], indices[::2]).predict(z[1::2]),
        _neighbours(z, np.eye(len(names))[indices[::2]]).argmax(axis=1),
    )
    linear, neighbours = (float(np.mean(each == asked)) for each in guesses)
    chance = float(np.bincount(asked).max() / len(asked))
    most = stats.binom.isf(ALPHA / len(guesses), len(asked), chance) / len(asked)
    return Probe(linear, neighbours, chance, ACCURACY, bool(max(linear, neighbours) <= most))


def probe_attributes(z: np.ndarray, attributes: np.ndarray) -> Probe | None:
    """Measures the AUC of each attribute by the code, averaged; chance is 0.5.

    The probes are those of `probe_labels`; the second rates by the share of the nearest codes that
    have the attribute. Codes are independent where no single attribute is read beyond chance.
    Attributes (0 or 1, [n, names]) that do not vary in both halves do not count; None where none
    counts. z: [n, d].
    """
    halves = attributes[::2], attributes[1::2]
    counted = np.logical_and(*(half.min(axis=0) < half.max(axis=0) for half in halves))
    if not counted.any():
        return None
    learned, asked = (half[:, counted] for half in halves)
    ratings = (
        np.stack([_fitted(z[::2], each).decision_function(z[1::2]) for each in learned.T], axis=1),
        _neighbours(z, learned),
    )
    areas = np.stack([areas_with_intervals(each, asked == 1).area for each in ratings])
    positive, size = asked.sum(axis=0).astype(np.float64), len(asked)
    # The error of the Mann-Whitney statistic of two samples of one distribution.
    error = np.sqrt((size + 1) / 12 / (positive * (size - positive)))
    most = 0.5 + stats.norm.isf(ALPHA / areas.size) * error
    linear, neighbours = areas.mean(axis=1).tolist()
    return Probe(linear, neighbours, 0.5, MEAN_AUC, bool((areas <= most).all()))


def _fitted(z: np.ndarray, labels: np.ndarray) -> LogisticRegression:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(max_iter=200).fit(z, labels)


def _neighbours(z: np.ndarray, learned: np.ndarray) -> np.ndarray:
    """Returns the mean of the values [n / 2, k] of the codes at even positions that are nearest to
    each code at an odd position, float64 [n / 2, k]."""
    count = min(NEIGHBOURS, math.isqrt(len(learned)))
    nearest = NearestNeighbors(n_neighbors=count).fit(z[::2])
    found = nearest.kneighbors(z[1::2], return_distance=False)
    total = np.zeros((len(found), learned.shape[1]))
    for column in found.T:  # all at once would be 50 times as large
        total += learned[column]
    return total / count
