"""Linear probes of the condition in the codes of a conditional model."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from trainer.measures.auc import auc

ACCURACY, MEAN_AUC = "accuracy", "mean AUC"


class Probe(NamedTuple):
    """A probe's score on held-out images, the score of knowing nothing, and what both measure."""

    score: float
    chance: float
    measure: str


def probe_labels(z: np.ndarray, labels: np.ndarray) -> Probe | None:
    """Measures how often a logistic regression predicts the label from the code.

    If Z is independent of Y ("Autoencoders in Keras", part 4: the code keeps only the style),
    it cannot beat the commonest label's share. It is fitted on the even positions and scored
    on the odd ones.
    None where the images to fit on have fewer than two labels. z: [n, d]; labels: [n].
    """
    if len(set(labels[::2])) < 2 or not len(labels[1::2]):
        return None
    guesses = _fitted(z[::2], labels[::2]).predict(z[1::2])
    _, counts = np.unique(labels[1::2], return_counts=True)
    chance = float(counts.max() / counts.sum())
    return Probe(float(np.mean(guesses == labels[1::2])), chance, ACCURACY)


def probe_attributes(z: np.ndarray, attributes: np.ndarray) -> Probe | None:
    """Measures the AUC of a logistic regression for each attribute, averaged; chance is 0.5.

    Attributes (0 or 1, [n, names]) that do not vary in both halves do not count; None where none
    counts. z: [n, d].
    """
    scores = []
    for column in attributes.T:
        if len(set(column[::2])) == 2 == len(set(column[1::2])):
            fitted = _fitted(z[::2], column[::2])
            scores.append(auc(fitted.decision_function(z[1::2]), column[1::2] == 1))
    return Probe(float(np.mean(scores)), 0.5, MEAN_AUC) if scores else None


def _fitted(z: np.ndarray, labels: np.ndarray) -> LogisticRegression:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(max_iter=200).fit(z, labels)
