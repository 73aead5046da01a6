"""The use that a model makes of its latent dimensions, and how close codes are to the prior."""

from __future__ import annotations

import numpy as np

from components.latent_evaluator.metrics.context import EvaluatedModel
from components.latent_evaluator.metrics.normality import latent_normality
from components.latent_evaluator.metrics.registry import (
    LATENT_SPACE,
    Measurement,
    Row,
    at_least,
    metric,
)
from trainer.data.records import noise_for


@metric(
    "active_units",
    Row(title="active units", form=",d", words="latent dimensions in use"),
    group=LATENT_SPACE,
    threshold=at_least(
        "min_active_units",
        "{value} of {latent_dim} latent dimensions are in use (at least {limit})",
        refused="posterior collapse: ",
    ),
)
def active_units(model: EvaluatedModel) -> Measurement:
    return Measurement(model.scores["active_units"])


@metric("latent_dim", Row(title="latent dimensions", form=",d"), group=LATENT_SPACE)
def latent_dim(model: EvaluatedModel) -> Measurement:
    return Measurement(model.scores["latent_dim"])


@metric("kl_per_dimension", group=LATENT_SPACE)
def kl_per_dimension(model: EvaluatedModel) -> Measurement:
    return Measurement(model.scores["kl_per_dimension"])


@metric("latent_normality", group=LATENT_SPACE, needs=("has_posterior",))
def normality_of_codes(model: EvaluatedModel) -> Measurement:
    """Measures codes sampled from the posteriors of the images."""
    columns, seed, size = model.columns, model.config.seed, model.model.latent_dim
    noise = np.stack([noise_for(key, seed, size) for key in model.records.keys])
    z = columns["z_mean"] + np.exp(columns["z_log_var"] / 2) * noise
    return Measurement(latent_normality(z))
