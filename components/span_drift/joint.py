"""The joint drift: how well a classifier tells the images of two spans apart.

Statistics that are looked at one by one miss what they do together: codes whose correlation goes
from 0 to 0.95 keep every one of their distributions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats
from sklearn.covariance import ledoit_wolf
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from components.span_drift.drift import DriftMeasure
from components.span_drift.noise import ALPHA, ks_noise

MOST_IMAGES = 5000  # of a span that are looked at
LEAST_IMAGES = 40  # that a span must have
MOST_COLUMNS, PRODUCTS = 64, 20  # that the trees are given
NOTHING = "no mean, deviation or correlation stands out"
RIDGE = 1e-3  # of a variance of 1, where columns are copies of each other
ROUNDS = 60  # of boosting
MOST_NAMED = 2
MOST_CORRELATED = 0.999999  # where Fisher's transform is cut off
MOMENTS = (("mean", np.mean), ("deviation", np.std))


class _Spans(NamedTuple):
    """The scores of images of both spans, [n, k] and [m, k]."""

    old: np.ndarray
    new: np.ndarray


def joint_shift(
    names: Sequence[str], old: np.ndarray, new: np.ndarray, allowed: float
) -> DriftMeasure | None:
    """Measures how well a classifier tells images of two spans apart; None with too few images.

    A classifier two-sample test (Lopez-Paz & Oquab 2017, arXiv 1610.06545). Classifiers learn
    from one half of the images which span one comes from, and rate the other half. The distance
    is that of Kolmogorov and Smirnov between the ratings of the two spans: by the best threshold,
    how much more often images of one span lie above it than those of the other, 0 to 1. It is a
    lower bound of the total variation distance. As the ratings are of images that were not learned
    from, Smirnov's bound says what chance would give, whatever the classifier.

    Of two classifiers the better one counts, and the noise is for two. Gaussians see what moves a
    little in many columns; boosted trees, also given the products of the pairs that changed most,
    what moves in a few, and not only means and correlations.

    Args:
      names: of the columns [k].
      old, new: float [n, k] and [m, k], the columns of the images of both spans.
      allowed: the distance from which on the new span has drifted.
    """
    values = [each[:MOST_IMAGES].astype(np.float64) for each in (old, new)]
    if min(map(len, values)) < LEAST_IMAGES:
        return None
    varying = np.ptp(np.concatenate(values), axis=0) > 0
    if not varying.any():
        return None
    values = [each[:, varying] for each in values]
    names = [name for name, varies in zip(names, varying, strict=True) if varies]
    scores = _normal_scores(*values)
    # Neighbours may be images of one person: they stay in one half.
    learned, asked = (
        _Spans(*half) for half in zip(*(_halves(each) for each in scores), strict=True)
    )
    with threadpool_limits(1):  # small fits: more threads only wait for each other
        trees = _Trees(learned)
        distances = [
            stats.ks_2samp(rate(asked.old), rate(asked.new)).statistic
            for rate in (_gaussians(learned), trees.rate)
        ]
    distance = float(max(distances))
    noise = ks_noise(len(asked.old), len(asked.new), columns=len(distances))
    words = _moved(names, _Spans(*values), _Spans(*scores))
    if not words and distance > noise:
        with threadpool_limits(1):
            used = trees.used_most(asked)
        words = [f"how {' and '.join(names[i] for i in used)} are distributed"]
    return DriftMeasure("joint distribution", distance, noise, allowed, ", ".join(words) or NOTHING)


def _normal_scores(*spans: np.ndarray) -> list[np.ndarray]:
    """Returns each column's values as normal quantiles of their ranks among both spans.

    No outlier weighs more than another extreme value, and units do not matter.
    """
    both = np.concatenate(spans)
    quantiles = stats.norm.ppf((stats.rankdata(both, axis=0) - 0.5) / len(both))
    return np.split(quantiles, [len(spans[0])])


def _halves(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = len(values) // 2
    return values[:middle], values[middle:]


def _gaussians(learned: _Spans) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the function that rates images by the ratio of two Gaussian densities.

    It is the quadratic discriminant, with the covariances of Ledoit & Wolf 2004.
    """
    fitted = []
    for values in learned:
        covariance, _ = ledoit_wolf(values)
        inverse = np.linalg.inv(covariance + RIDGE * np.eye(len(covariance)))
        fitted.append((values.mean(axis=0), inverse, np.linalg.slogdet(inverse)[1]))

    def rate(values: np.ndarray) -> np.ndarray:
        old, new = (
            determinant - np.sum((values - mean) @ inverse * (values - mean), axis=1)
            for mean, inverse, determinant in fitted
        )
        return new - old

    return rate


class _Trees:
    """Boosted trees that rate images [n, k]: high where the new span is likelier.

    They are given the columns and the products of pairs that changed most.
    """

    def __init__(self, learned: _Spans) -> None:
        means, products = _changes(learned)
        of_columns = np.maximum(np.abs(means), np.abs(products).max(axis=0))
        self._columns = np.argsort(-of_columns, kind="stable")[:MOST_COLUMNS]
        pairs = np.stack(np.triu_indices(len(means)), axis=1)
        order = np.argsort(-np.abs(products[pairs[:, 0], pairs[:, 1]]), kind="stable")
        self._pairs = pairs[order[:PRODUCTS]]
        self._model = HistGradientBoostingClassifier(
            max_iter=ROUNDS,
            max_leaf_nodes=15,
            min_samples_leaf=10,
            early_stopping=False,
            class_weight="balanced",
            random_state=0,
        )
        is_new = np.repeat([0, 1], [len(learned.old), len(learned.new)])
        self._model.fit(self._features(np.concatenate(learned)), is_new)

    def rate(self, values: np.ndarray) -> np.ndarray:
        return self._model.decision_function(self._features(values))

    def used_most(self, asked: _Spans) -> np.ndarray:
        """Returns the positions of the two columns without which the distance falls most.

        A column is taken away by shuffling it (permutation importance: Breiman 2001).
        """
        random = np.random.default_rng(0)
        left = np.full(asked.old.shape[1], np.inf)
        for column in self._columns:
            rated = []
            for values in asked:
                shuffled = values.copy()
                shuffled[:, column] = random.permutation(shuffled[:, column])
                rated.append(self.rate(shuffled))
            left[column] = stats.ks_2samp(*rated).statistic
        return np.sort(np.argsort(left)[:MOST_NAMED])

    def _features(self, values: np.ndarray) -> np.ndarray:
        first, second = self._pairs.T
        return np.concatenate(
            [values[:, self._columns], values[:, first] * values[:, second]], axis=1
        )


def _changes(spans: _Spans) -> tuple[np.ndarray, np.ndarray]:
    """Returns the change of each column's mean, [k], and of each pair's mean product, [k, k], over
    its standard error (Welch's t)."""
    means, products = [], []
    for values in spans:
        squares = values**2
        mean, product = values.mean(axis=0), values.T @ values / len(values)
        means.append((mean, (squares.mean(axis=0) - mean**2) / len(values)))
        spread = squares.T @ squares / len(values) - product**2
        products.append((product, spread / len(values)))
    return _over_error(*means), _over_error(*products)


def _over_error(
    old: tuple[np.ndarray, np.ndarray], new: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Returns the difference of two (mean, squared error) pairs over its error; 0 without one."""
    error = np.sqrt(np.maximum(old[1] + new[1], 0))
    return np.where(error > 0, new[0] - old[0], 0) / np.where(error > 0, error, 1)


def _moved(names: list[str], values: _Spans, scores: _Spans) -> list[str]:
    """Returns the means, deviations and correlations that changed beyond chance, most first.

    Changes are ranked over their standard errors, by the scores; the words give values as they
    are, and the correlations of the scores. At most MOST_NAMED.
    """
    error = math.sqrt(sum(1 / (len(each) - 3) for each in scores))
    means, _ = _changes(scores)
    with np.errstate(divide="ignore", invalid="ignore"):  # a column may be constant in a span
        deviations = np.subtract(*(np.log(each.std(axis=0)) for each in scores))
    correlations = [_correlations(each) for each in scores]
    # Fisher's transform, whose error does not depend on the correlation.
    turned = np.subtract(
        *(np.arctanh(each.clip(-MOST_CORRELATED, MOST_CORRELATED)) for each in correlations)
    )
    first, second = np.triu_indices(len(names), 1)
    size = len(names)
    changes = np.abs(
        np.concatenate([means, deviations / error * math.sqrt(2), turned[first, second] / error])
    )

    def words(change: int) -> str:
        kind, i = divmod(change, size)
        if kind < len(MOMENTS):
            name, moment = MOMENTS[kind]
            before, now = (moment(each[:, i]) for each in values)
            return f"{name} of {names[i]} {before:.3g} to {now:.3g}"
        i, j = first[change - 2 * size], second[change - 2 * size]
        before, now = (each[i, j] for each in correlations)
        return f"correlation of {names[i]} and {names[j]} {before:.2f} to {now:.2f}"

    enough = stats.norm.isf(ALPHA / 2 / len(changes))
    most = np.argsort(-changes, kind="stable")[:MOST_NAMED]
    return [words(int(change)) for change in most if changes[change] > enough]


def _correlations(values: np.ndarray) -> np.ndarray:
    """Returns the correlations of columns [n, k], float64 [k, k]; 0 with a constant column."""
    spread = values.std(axis=0)
    centred = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return centred.T @ centred / len(values)
