"""The use that a model makes of its latent dimensions, and how close codes are to the prior."""

from __future__ import annotations

import numpy as np

from components.latent_evaluator.metrics.context import EvaluatedModel, scored
from components.latent_evaluator.metrics.normality import latent_normality
from components.latent_evaluator.metrics.registry import (
    LATENT_SPACE,
    Measurement,
    Row,
    at_least,
    metric,
)
from trainer.data.records import noise_for

scored(
    "active_units",
    Row("active units", ",d", words="latent dimensions in use"),
    group=LATENT_SPACE,
    threshold=at_least(
        "min_active_units",
        "{value} of {latent_dim} latent dimensions are in use (at least {limit})",
        refused="posterior collapse: ",
    ),
)

scored("latent_dim", Row("latent dimensions", ",d"), group=LATENT_SPACE)

scored("kl_per_dimension", group=LATENT_SPACE)


@metric("latent_normality", group=LATENT_SPACE, needs=("has_posterior",))
def normality_of_codes(model: EvaluatedModel) -> Measurement:
    """Measures codes sampled from the posteriors of the images."""
    columns, seed, size = model.columns, model.config.seed, model.model.latent_dim
    noise = np.stack([noise_for(key, seed, size) for key in model.records.keys])
    z = columns["z_mean"] + np.exp(columns["z_log_var"] / 2) * noise
    return Measurement(latent_normality(z))
