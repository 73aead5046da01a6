"""The use that a model makes of its latent dimensions, and how close codes are to the prior."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from components.latent_evaluator.metrics.context import EvaluatedModel, scored
from components.latent_evaluator.metrics.registry import (
    LATENT_SPACE,
    Measurement,
    Row,
    at_least,
    metric,
)
from trainer.data.records import noise_for

EDGES = np.linspace(-4, 4, 41)  # of the histograms of codes

scored(
    "active_units",
    Row("active units", ",d", words="latent dimensions in use"),
    group=LATENT_SPACE,
    threshold=at_least(
        "min_active_units",
        "{value} of {latent_dim} latent dimensions are in use (at least {limit})",
        refused="posterior collapse: ",
        gate="latent dimensions in use",
    ),
)

scored("latent_dim", Row("latent dimensions", ",d"), group=LATENT_SPACE)

scored("kl_per_dimension", group=LATENT_SPACE)


def ks_statistic(values: np.ndarray) -> np.ndarray:
    """Returns the Kolmogorov-Smirnov distance of each column from N(0, 1).

    The largest gap between the empirical and the normal distribution function (Massey 1951) of
    values [n, d], n >= 1: float64 [d], 0 to 1; NaN where a value is.
    """
    ordered = np.sort(values.astype(np.float64), axis=0)
    expected = stats.norm.cdf(ordered)
    steps = np.arange(len(values) + 1)[:, None] / len(values)
    gaps = np.maximum(steps[1:] - expected, expected - steps[:-1])
    return gaps.max(axis=0)


def latent_normality(z: np.ndarray) -> dict[str, Any]:
    """Measures each dimension of sampled codes [n, d] against N(0, 1).

    Returns:
      ks_statistic, mean, std: [d] lists; histogram: edges [41] from -4 to 4, counts [d][40]
      (codes beyond the edges are counted in the last bin on their side).
    """
    inside = np.nan_to_num(z.astype(np.float64)).clip(EDGES[0], EDGES[-1])
    return {
        "ks_statistic": ks_statistic(z).tolist(),
        "mean": z.mean(axis=0, dtype=np.float64).tolist(),
        "std": z.std(axis=0, dtype=np.float64).tolist(),
        "histogram": {
            "edges": EDGES.tolist(),
            "counts": [np.histogram(column, EDGES)[0].tolist() for column in inside.T],
        },
    }


@metric("latent_normality", group=LATENT_SPACE, needs=("has_posterior",))
def normality_of_codes(model: EvaluatedModel) -> Measurement:
    """Measures codes sampled from the posteriors of the images."""
    columns, seed, size = model.columns, model.config.seed, model.model.latent_dim
    noise = np.stack([noise_for(key, seed, size) for key in model.records.keys])
    z = columns["z_mean"] + np.exp(columns["z_log_var"] / 2) * noise
    return Measurement(latent_normality(z))
