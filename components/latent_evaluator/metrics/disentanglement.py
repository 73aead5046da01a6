"""Disentanglement: how far single dimensions of the code stand for single factors of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import entr
from scipy.stats import entropy
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.tree import DecisionTreeClassifier

BINS = 20
REPEATS = 5  # images a value, on average, from which on a column is taken as discrete
TREES, DEPTH, LEAST_LEAF = 10, 8, 3
LEAST_IMAGES = 100  # fewer say nothing: see docs/evaluation.md
LEAST_OF_LEVEL = 5  # images, in each half, of the second commonest level of a factor
SHUFFLES = 3  # that what chance scores is averaged over
Factors = Mapping[str, np.ndarray]  # [n] each: numbers, which have an order, or words


def disentanglement(z: np.ndarray, factors: Factors, seed: int = 0) -> dict[str, Any] | None:
    """Measures mig, sap and dci of codes [n, d], and what they are by chance.

    Returns:
      The scores; under `chance` the same of codes that are dealt to other images, averaged over
      SHUFFLES; `factors`, the names of those that vary enough to be measured, and `left_out`.
      None where none does, with fewer than LEAST_IMAGES images or codes that are not finite.
    """
    varying = {name: values for name, values in factors.items() if _varies(values)}
    if not varying or len(z) < LEAST_IMAGES or not np.isfinite(z).all():
        return None
    random = np.random.default_rng(seed)
    shuffled = [_scores(random.permutation(z), varying, seed) for _ in range(SHUFFLES)]
    return {
        **_scores(z, varying, seed),
        "chance": _mean(shuffled),
        "factors": list(varying),
        "left_out": [name for name in factors if name not in varying],
    }


def _scores(z: np.ndarray, factors: Factors, seed: int) -> dict[str, Any]:
    return {
        "mig": mutual_information_gap(z, factors),
        "sap": separated_attribute_predictability(z, factors),
        "dci": dci(z, factors, seed),
    }


def _mean(scores: list[Any]) -> Any:
    """Returns the means of numbers, by the keys that they stand under."""
    if isinstance(scores[0], dict):
        return {key: _mean([each[key] for each in scores]) for key in scores[0]}
    return float(np.mean(scores))


def mutual_information_gap(z: np.ndarray, factors: Factors) -> float:
    """Returns the MIG (Chen et al. 2018, arXiv 1802.04942, eq. 6), 0 to 1.

    For each factor the mutual information with the dimension that knows most about it, less
    that with the second best, over the factor's entropy; averaged over factors. What has many
    values is cut into 20 bins of equally many images: in the bins of equal width of Locatello et
    al. 2019 (arXiv 1811.12359) one code far out leaves all others in one bin.
    """
    codes = np.stack([_binned(column) for column in z.T], axis=1)
    gaps = []
    for values in factors.values():
        levels = _levels(values) if is_unordered(values) else _binned(values)
        known = _mutual_informations(codes, levels)
        gaps.append(_gap(known) / entropy(np.bincount(levels)))
    return float(np.mean(gaps))


def separated_attribute_predictability(z: np.ndarray, factors: Factors) -> float:
    """Returns the SAP (Kumar et al. 2018, arXiv 1711.00848, section 3), 0 to 1.

    For each factor how much better the best single dimension predicts it than the second best;
    averaged over factors. A factor with an order is predicted by a line and scored by R^2; one
    without, of L levels, by L - 1 thresholds on the dimension and scored by the balanced accuracy
    b above chance, (b - 1/L) / (1 - 1/L). Predictors are fitted on the even positions and scored
    on the odd ones; what is worse than chance there counts as 0.
    """
    gaps = []
    for values in factors.values():
        if not is_unordered(values):
            scores = _line_scores(z, values)
        elif len(np.unique(values)) == 2:
            scores = _threshold_scores(z, _levels(values) == 1)
        else:
            scores = _thresholds_scores(z, _levels(values))
        gaps.append(_gap(np.maximum(scores, 0)))
    return float(np.mean(gaps))


def dci(z: np.ndarray, factors: Factors, seed: int = 0) -> dict[str, float]:
    """Measures disentanglement, completeness, informativeness (Eastwood & Williams 2018, 2).

    Ten randomised trees (Geurts et al. 2006; depth at most 8, three images a leaf) predict each
    factor from the code; their importances R [d, factors] say which dimensions they used.
    Informativeness is the trees' score on the odd positions, having been fitted on the even ones:
    above that of the commonest level or the mean, 1 being perfect; below 0 is worse than knowing
    nothing. See `importance_scores` for the other two.
    """
    columns, scores = [], []
    for values in factors.values():
        unordered = is_unordered(values)
        kind = ExtraTreesClassifier if unordered else ExtraTreesRegressor
        target = _levels(values) if unordered else values
        trees = kind(
            n_estimators=TREES,
            max_depth=DEPTH,
            min_samples_leaf=LEAST_LEAF,
            max_features=None,
            random_state=seed,
        )
        trees.fit(z[::2], target[::2])
        columns.append(trees.feature_importances_)
        score, base = trees.score(z[1::2], target[1::2]), 0.0
        if unordered:
            base = np.bincount(target[1::2]).max() / len(target[1::2])
        scores.append((score - base) / (1 - base))
    one, other = importance_scores(np.stack(columns, axis=1))
    return {
        "disentanglement": one,
        "completeness": other,
        "informativeness": float(np.mean(scores)),
    }


def importance_scores(importance: np.ndarray) -> tuple[float, float]:
    """Returns disentanglement and completeness of importances [d, factors], 0 to 1 each.

    Disentanglement is 1 - the entropy of a dimension's shares over the largest that there can be,
    completeness the same of a factor's shares. Both are averaged by what the dimension or the
    factor has of all importance, so that a factor that nothing tells of does not count
    (as in Locatello et al. 2019; the plain mean would).
    """
    return _mean_certainty(importance), _mean_certainty(importance.T)


def is_unordered(values: np.ndarray) -> bool:
    """Tells factors without an order: words, and what has two values."""
    return values.dtype.kind not in "fiu" or len(np.unique(values)) == 2


def _varies(values: np.ndarray) -> bool:
    """Tells factors that either half of the images has enough of to learn from, and to be asked."""
    if not is_unordered(values):
        return all(len(np.unique(half)) > 1 for half in (values[::2], values[1::2]))
    levels = _levels(values)
    counts = [np.bincount(half, minlength=levels.max() + 1) for half in (levels[::2], levels[1::2])]
    return int((np.minimum(*counts) >= LEAST_OF_LEVEL).sum()) > 1


def _levels(values: np.ndarray) -> np.ndarray:
    """Returns small integers that stand for the values, in their order."""
    return np.unique(values, return_inverse=True)[1]


def _binned(values: np.ndarray) -> np.ndarray:
    """Returns small integers that stand for the values of a discrete column [n], or for bins of
    another one."""
    found, levels = np.unique(values, return_inverse=True)
    if len(found) <= max(BINS, len(values) // REPEATS):
        return levels
    edges = np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1])
    return _levels(np.searchsorted(edges, values, side="right"))


def _mutual_informations(codes: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Returns the mutual information of each column of small integers [n, d] with levels [n], in
    nats, float64 [d]."""
    bins, width = codes.max() + 1, levels.max() + 1
    cells = (np.arange(codes.shape[1]) * bins + codes) * width + levels[:, None]
    counts = np.bincount(cells.ravel(), minlength=codes.shape[1] * bins * width)
    tables = counts.reshape(-1, bins, width) / len(levels)
    of_codes, of_levels = tables.sum(axis=2), tables.sum(axis=1)
    joint = entr(tables).sum(axis=(1, 2))
    return entr(of_codes).sum(axis=1) + entr(of_levels).sum(axis=1) - joint


def _line_scores(z: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Returns R^2 on the odd positions of each dimension's line through the even ones, [d]."""
    codes, target = z[::2].astype(np.float64), values[::2].astype(np.float64)
    middle, spread = codes.mean(axis=0), codes.var(axis=0)
    covariance = (codes - middle).T @ (target - target.mean()) / len(target)
    slope = np.where(spread > 0, covariance, 0) / np.where(spread > 0, spread, 1)
    guesses = target.mean() + (z[1::2] - middle) * slope
    asked = values[1::2].astype(np.float64)
    return 1 - ((asked[:, None] - guesses) ** 2).mean(axis=0) / asked.var()


def _threshold_scores(z: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Returns 2 b - 1 with the balanced accuracy b, on the odd positions, of the threshold on each
    dimension that is best on the even ones, [d]."""
    codes, classes = z[::2], positive[::2]
    order = np.argsort(codes, axis=0)
    ranked, members = np.take_along_axis(codes, order, axis=0), classes[order]
    ahead = np.cumsum(members, axis=0) / classes.sum() - np.cumsum(~members, axis=0) / sum(~classes)
    last_of_ties = ranked[1:] != ranked[:-1]
    best = np.where(last_of_ties, np.abs(ahead[:-1]), -1).argmax(axis=0)[None]
    low, high = (np.take_along_axis(ranked, best + step, axis=0) for step in (0, 1))
    below = z[1::2] <= (low + high) / 2
    asked = positive[1::2]
    gap = below[asked].mean(axis=0) - below[~asked].mean(axis=0)
    return gap * np.sign(np.take_along_axis(ahead, best, axis=0)[0])


def _thresholds_scores(z: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Returns the balanced accuracy above chance, on the odd positions, of as many thresholds on
    each dimension as tell levels [n] apart, fitted on the even positions, [d]."""
    size = len(np.unique(levels))
    asked, counts = levels[1::2], np.bincount(levels[1::2])
    weight = 1 / counts[asked]
    scores = []
    for column in z.T[:, :, None]:
        tree = DecisionTreeClassifier(
            max_leaf_nodes=size, class_weight="balanced", random_state=0
        ).fit(column[::2], levels[::2])
        right = tree.predict(column[1::2]) == asked
        scores.append((right * weight).sum() / (counts > 0).sum())
    return (np.array(scores) - 1 / size) / (1 - 1 / size)


def _gap(scores: np.ndarray) -> float:
    """Returns how far the largest score is above the second, or above 0 where there is one."""
    second, first = np.sort(np.append(scores, 0.0) if len(scores) == 1 else scores)[-2:]
    return float(first - second)


def _mean_certainty(importance: np.ndarray) -> float:
    """Returns 1 - the entropy of each row over its largest, averaged by the rows' sums."""
    rows = importance.sum(axis=1)
    if not rows.any():
        return 0.0
    if importance.shape[1] == 1:
        return 1.0
    used = importance[rows > 0]
    return float(
        np.average(1 - entropy(used, axis=1) / np.log(used.shape[1]), weights=rows[rows > 0])
    )
