"""Disentanglement: how far single dimensions of the code stand for single factors of the data."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import entropy
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from tfx.dsl.io import fileio
from tfx.utils import io_utils
from threadpoolctl import threadpool_limits

from components.latent_evaluator.config import ATTRIBUTE_FACTORS
from components.latent_evaluator.metrics.context import EvaluatedModel
from components.latent_evaluator.metrics.registry import FACTORS, HIGH, Measurement, Row, metric
from data_prep.errors import InputError

MOST_IMAGES = 2000  # that disentanglement is measured on
BINS = 20
Factors = Mapping[str, np.ndarray]  # [n] each: floats (continuous), or integers or words (discrete)


def read_factor_table(path: str) -> dict[bytes, tuple[str, ...]]:
    """Returns the rows of a CSV file by the key in their first column; the header is under b"".

    Raises InputError where it cannot be read or a row is too short or long.
    """
    if not fileio.exists(path):
        raise InputError(f"evaluation.factors: {path}: there is no such file")
    try:
        text = io_utils.read_bytes_file(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"evaluation.factors: {path}: not UTF-8 ({error})") from None
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if not rows or len(rows[0]) < 2:
        raise InputError(f"evaluation.factors: {path}: allowed: a key and one or more factors")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]):
            raise InputError(
                f"evaluation.factors: {path}: line {number} has {len(row)} values, "
                f"allowed: {len(rows[0])}"
            )
    return {b"": tuple(rows[0][1:])} | {row[0].encode(): tuple(row[1:]) for row in rows[1:]}


def factors_of(
    keys: Sequence[bytes], table: dict[bytes, tuple[str, ...]]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Returns the positions of the keys that are in the table, int64 [n], and name -> values of
    these, [n]: int64, float64 (where some value has a fraction) or str."""
    known = np.array([i for i, key in enumerate(keys) if key in table], np.int64)
    columns = zip(*(table[keys[i]] for i in known), strict=True)
    return known, {name: _typed(column) for name, column in zip(table[b""], columns, strict=False)}


def _typed(column: Sequence[str]) -> np.ndarray:
    for kind in (np.int64, np.float64):
        try:
            return np.array([kind(value) for value in column])
        except ValueError:
            continue
    return np.array(column)


def factor_values(model: EvaluatedModel) -> tuple[np.ndarray, dict[str, np.ndarray]] | None:
    """Returns the positions of the images whose factors are known, and their values by name, of
    the first MOST_IMAGES images; None where no factor is known."""
    context, columns = model.context, model.columns
    if context.config.factors == ATTRIBUTE_FACTORS and "attributes" in columns:
        values = columns["attributes"][:MOST_IMAGES].astype(np.int64)
        return np.arange(len(values)), dict(zip(context.attributes, values.T, strict=True))
    if context.factors is None:
        return None
    rows, factors = factors_of(list(columns["key"][:MOST_IMAGES]), context.factors)
    return (rows, factors) if len(rows) else None


def mutual_information_gap(z: np.ndarray, factors: Factors) -> float:
    """Returns the MIG (Chen et al. 2018, arXiv 1802.04942, eq. 6), 0 to 1.

    For each factor the mutual information with the dimension that knows most about it, less
    that with the second best, over the factor's entropy; averaged over factors. Codes and
    continuous factors are cut into 20 bins of equal width, as in Locatello et al. 2019.
    """
    codes = [_binned(column) for column in z.T]
    gaps = []
    for values in factors.values():
        levels = _levels(values)
        known = sorted((_mutual_information(code, levels) for code in codes), reverse=True)
        second = known[1] if len(known) > 1 else 0.0
        gaps.append((known[0] - second) / entropy(np.bincount(levels)))
    return float(np.mean(gaps))


def separated_attribute_predictability(z: np.ndarray, factors: Factors) -> float:
    """Returns the SAP (Kumar et al. 2018, arXiv 1711.00848, section 3), 0 to 1.

    For each factor how much better the best single dimension predicts it than the second
    best; averaged over factors. A continuous factor is predicted by linear regression (R^2);
    a discrete one level by level, one against the rest, by the best threshold on the
    dimension, scored by its balanced accuracy above chance, 2 a - 1 (the authors take a
    linear SVM, which in one dimension is a threshold too).
    """
    gaps = []
    for values in factors.values():
        if _is_continuous(values):
            scores = _squared_correlations(z, values)
        else:
            scores = np.mean([_best_threshold(z, values == v) for v in np.unique(values)], axis=0)
        ordered = np.sort(scores)[::-1]
        gaps.append(ordered[0] - (ordered[1] if len(ordered) > 1 else 0.0))
    return float(np.mean(gaps))


def dci(z: np.ndarray, factors: Factors, seed: int = 0) -> dict[str, float]:
    """Measures disentanglement, completeness, informativeness (Eastwood & Williams 2018, 2).

    Ten bagged trees (depth at most 8) predict each factor from the code; its
    importances R [d, factors] say which dimensions they used. Disentanglement: 1 - entropy of
    each row, weighted by what the dimension matters; completeness: 1 - entropy of each
    column; informativeness: the trees' score on the odd positions, having been fitted on
    the even ones: above that of the commonest level or the mean, 1 being perfect. All are 0 to 1,
    but informativeness may be below 0: worse than knowing nothing.
    """
    columns, scores = [], []
    for values in factors.values():
        continuous = _is_continuous(values)
        kind = RandomForestRegressor if continuous else RandomForestClassifier
        target = values if continuous else _levels(values)
        trees = kind(n_estimators=10, max_depth=8, max_features=None, random_state=seed)
        trees.fit(z[::2], target[::2])
        columns.append(trees.feature_importances_)
        score, base = trees.score(z[1::2], target[1::2]), 0.0
        if not continuous:
            base = np.bincount(target[1::2]).max() / len(target[1::2])
        scores.append((score - base) / (1 - base) if base < 1 else 0.0)
    importance = np.stack(columns, axis=1)
    weights = importance.sum(axis=1) / max(importance.sum(), 1e-12)
    return {
        "disentanglement": float(weights @ _certainty(importance)),
        "completeness": float(_certainty(importance.T).mean()),
        "informativeness": float(np.mean(scores)),
    }


def disentanglement(z: np.ndarray, factors: Factors, seed: int = 0) -> dict[str, Any] | None:
    """Measures mig, sap and dci of the factors that vary, which it names; None where none does."""
    varying = {
        name: values
        for name, values in factors.items()
        if len(np.unique(values[::2])) > 1 and len(np.unique(values[1::2])) > 1
    }
    if not varying or not np.isfinite(z).all():
        return None
    return {
        "mig": mutual_information_gap(z, varying),
        "sap": separated_attribute_predictability(z, varying),
        "dci": dci(z, varying, seed),
        "factors": list(varying),
    }


def _is_continuous(values: np.ndarray) -> bool:
    return values.dtype.kind == "f"


def _levels(values: np.ndarray) -> np.ndarray:
    """Returns small integers that stand for levels, or for bins of a continuous factor."""
    if _is_continuous(values):
        values = _binned(values)
    return np.unique(values, return_inverse=True)[1]


def _binned(values: np.ndarray) -> np.ndarray:
    edges = np.linspace(values.min(), values.max(), BINS + 1)[1:-1]
    return np.digitize(values, edges)


def _mutual_information(one: np.ndarray, other: np.ndarray) -> float:
    """Returns the mutual information of two columns of small integers [n], in nats."""
    counts = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(counts, (one, other), 1)
    return float(
        entropy(counts.sum(axis=1)) + entropy(counts.sum(axis=0)) - entropy(counts, axis=None)
    )


def _squared_correlations(z: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Returns R^2 of predicting a factor [n] from each dimension alone, float64 [d]."""
    codes, target = z - z.mean(axis=0), values - values.mean()
    spread = np.sqrt((codes**2).sum(axis=0) * (target**2).sum())
    return np.where(spread > 0, codes.T @ target / np.where(spread > 0, spread, 1), 0.0) ** 2


def _best_threshold(z: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Returns 2 a - 1 with the best balanced accuracy a of a threshold on each dimension, [d].

    It is the largest gap between the two classes' distribution functions.
    """
    order = np.argsort(z, axis=0)
    ranked, classes = np.take_along_axis(z, order, axis=0), positive[order]
    above = np.cumsum(classes, axis=0) / max(positive.sum(), 1)
    below = np.cumsum(~classes, axis=0) / max((~positive).sum(), 1)
    last_of_ties = np.concatenate([ranked[1:] != ranked[:-1], np.ones((1, z.shape[1]), bool)])
    return np.where(last_of_ties, np.abs(above - below), 0).max(axis=0)


def _certainty(importance: np.ndarray) -> np.ndarray:
    """Returns 1 - entropy of each row over its largest, [rows]; 0 for a row of zeros."""
    rows, columns = importance.shape
    if columns == 1:
        return np.ones(rows)
    totals = importance.sum(axis=1)
    shares = importance / np.where(totals > 0, totals, 1)[:, None]
    shares[totals <= 0] = 1 / columns
    return 1 - entropy(shares, axis=1) / np.log(columns)


@metric(
    "disentanglement",
    Row("MIG", ".3f", HIGH, "mutual information gap", part="mig"),
    Row("SAP", ".3f", HIGH, "separated attribute predictability", part="sap"),
    Row(
        "DCI disentanglement",
        ".3f",
        HIGH,
        "each dimension tells of one factor",
        part="dci.disentanglement",
    ),
    Row(
        "DCI completeness", ".3f", HIGH, "each factor is in one dimension", part="dci.completeness"
    ),
    Row(
        "DCI informativeness",
        ".3f",
        HIGH,
        "how well all of z predicts the factors",
        part="dci.informativeness",
    ),
    group=FACTORS,
)
def disentanglement_of_factors(model: EvaluatedModel) -> Measurement:
    known = factor_values(model)
    if known is None:
        return Measurement(None)
    rows, factors = known
    seed = 0 if model.config.factors == ATTRIBUTE_FACTORS else model.config.seed
    with threadpool_limits(1):  # many small fits: more threads only wait for each other
        return Measurement(disentanglement(model.z_mean[rows], factors, seed))
