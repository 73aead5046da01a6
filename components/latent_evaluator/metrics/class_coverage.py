"""Which classes samples are of, by the eye of a classifier trained on real images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

CHANCE = 1e-3  # a class is missed when so few samples of it were less likely than that


def class_shares(
    real: np.ndarray, sampled: np.ndarray, names: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Shares of each class among real and sampled images.

    Args:
      real, sampled: the classifier's scores, [n, names] and [m, names].

    Returns:
      name -> {"real": share, "sampled": share}.
    """
    shares = (_shares(real, len(names)), _shares(sampled, len(names)))
    return {
        name: {"real": float(one), "sampled": float(other)}
        for name, one, other in zip(names, *shares, strict=True)
    }


def dropped(real: float, sampled: float, samples: int, least: float) -> bool:
    """Whether a class is missing from samples, and not by chance.

    Its share is below `least` of its share of real images, and so few of it would turn up
    with a probability below 0.001 if samples had it as often (binomial, one-sided).
    """
    count = round(sampled * samples)
    return sampled < least * real and stats.binom.cdf(count, samples, real) < CHANCE


def label_fidelity(
    told: np.ndarray, scores: np.ndarray, names: Sequence[str]
) -> tuple[np.ndarray, dict[str, float]]:
    """Whether images show the label they were made with.

    Args:
      told: index of the label of each image, int [n].
      scores: the classifier's, [n, names].

    Returns:
      Whether the classifier finds that label, bool [n], and the share of it by name (of the
      names that occur).
    """
    found = scores.argmax(axis=1) == told
    by_name = {
        name: float(found[told == index].mean())
        for index, name in enumerate(names)
        if (told == index).any()
    }
    return found, by_name


def attribute_fidelity(
    told: np.ndarray, scores: np.ndarray, names: Sequence[str]
) -> tuple[np.ndarray, dict[str, Any]]:
    """The same for attributes, which an image has several of.

    Args:
      told: 0 or 1, [n, names].
      scores: logits, [n, names]: above 0 the classifier sees the attribute.

    Returns:
      The share of attributes that are right, float64 [n], and the share of right images by
      name.
    """
    right = (scores > 0) == (told > 0.5)
    return right.mean(axis=1), dict(zip(names, right.mean(axis=0).tolist(), strict=True))


def _shares(scores: np.ndarray, names: int) -> np.ndarray:
    return np.bincount(scores.argmax(axis=1), minlength=names) / max(len(scores), 1)
