"""The classes and conditions that a classifier, trained on real images, finds in samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

CHANCE = 1e-3  # a class is missed when so few samples of it were less likely than that


def class_shares(
    real: np.ndarray, sampled: np.ndarray, names: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Returns the share of each class among real and sampled images, by the classifier's scores of
    these, [n, names] and [m, names]: name -> {"real": share, "sampled": share}."""
    shares = [
        np.bincount(scores.argmax(axis=1), minlength=len(names)) / max(len(scores), 1)
        for scores in (real, sampled)
    ]
    return {
        name: {"real": float(one), "sampled": float(other)}
        for name, one, other in zip(names, *shares, strict=True)
    }


def dropped(real: float, sampled: float, samples: int, least: float) -> bool:
    """Returns true where a class is missing from samples, and not by chance.

    Its share is below `least` of its share of real images, and so few of it would turn up
    with a probability below 0.001 if samples had it as often (binomial, one-sided).
    """
    count = round(sampled * samples)
    return sampled < least * real and stats.binom.cdf(count, samples, real) < CHANCE


def label_fidelity(
    labels: np.ndarray, scores: np.ndarray, names: Sequence[str]
) -> tuple[np.ndarray, dict[str, float]]:
    """Compares the labels that images were decoded under with those that a classifier finds.

    Args:
      labels: index of the label of each image, int [n].
      scores: the classifier's, [n, names].

    Returns:
      Whether the classifier finds that label, bool [n], and the share of it by name (of the
      names that occur).
    """
    recognised = scores.argmax(axis=1) == labels
    by_name = {
        name: float(recognised[labels == index].mean())
        for index, name in enumerate(names)
        if (labels == index).any()
    }
    return recognised, by_name


def attribute_fidelity(
    attributes: np.ndarray, scores: np.ndarray, names: Sequence[str]
) -> tuple[np.ndarray, dict[str, Any]]:
    """Compares the attributes that images were decoded under with those that a classifier finds.

    Args:
      attributes: 0 or 1, [n, names].
      scores: logits, [n, names]: above 0 the classifier sees the attribute.

    Returns:
      The share of attributes that are right, float64 [n], and the share of right images by
      name.
    """
    right = (scores > 0) == (attributes > 0.5)
    return right.mean(axis=1), dict(zip(names, right.mean(axis=0).tolist(), strict=True))
