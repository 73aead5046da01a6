"""The registry of model families.

To add one, write a subclass of `trainer.models.vae.VAE` in a module of `trainer.models` and enter
it here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from trainer.config.imported import Imported

VAE_METRICS = {
    "loss": "loss",
    "elbo": "ELBO",
    "reconstruction_loss": "reconstruction loss",
    "kl_loss": "KL",
    "bits_per_dim": "bits per dimension",
    "active_units": "active units",
}
GAN_METRICS = {
    "discriminator_loss": "discriminator's loss",
    "generator_loss": "generator's loss",
    "feature_loss": "feature loss",
    "d_real": "D of real images",
    "d_fake": "D of made images",
}
AUTOENCODER_METRICS = {
    name: VAE_METRICS[name] for name in ("loss", "reconstruction_loss", "active_units")
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Family:
    """A model family: the class of its models, and what the rest of the project asks about it.

    model: the class; called with a `TrainerConfig`, it returns a model.
    conditions: the values of model.condition that it takes.
    has_prior: z has a prior, hence there are a KL, an ELBO and a beta.
    adversarial: it has a discriminator, hence `model.gan` counts and its loss is not on pixels.
    metrics: what an epoch reports, and what a chart calls it, in the order of the charts.
    best_by: the metric of the eval split whose lowest value marks the best epoch, or "" where
      the losses do not tell, being those of networks that work against each other.
    """

    model: Callable[..., Any]
    conditions: tuple[str, ...] = ("none", "label", "attributes")
    has_prior: bool = True
    adversarial: bool = False
    metrics: Mapping[str, str] = dataclasses.field(default_factory=VAE_METRICS.copy)
    best_by: str = "val_loss"


FAMILIES = {
    "vae": Family(model=Imported("trainer.models.vae:VAE"), conditions=("none",)),
    "cvae": Family(model=Imported("trainer.models.vae:CVAE"), conditions=("label", "attributes")),
    "vae_gan": Family(
        model=Imported("trainer.models.vae_gan:VAEGAN"),
        adversarial=True,
        metrics=VAE_METRICS | GAN_METRICS,
        best_by="",
    ),
    "ae": Family(
        model=Imported("trainer.models.autoencoder:Autoencoder"),
        has_prior=False,
        metrics=AUTOENCODER_METRICS,
    ),
    "denoising_ae": Family(
        model=Imported("trainer.models.autoencoder:DenoisingAutoencoder"),
        has_prior=False,
        metrics=AUTOENCODER_METRICS,
    ),
}


def metric_titles() -> dict[str, str]:
    """Returns the metrics of all families, and what a chart calls each."""
    return {name: words for family in FAMILIES.values() for name, words in family.metrics.items()}
