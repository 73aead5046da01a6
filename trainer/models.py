"""The only place that maps a family's name to its class."""

from __future__ import annotations

from trainer.hparams import TrainerSettings
from trainer.vae import VAE

MODELS: dict[str, type[VAE]] = {"vae": VAE}


def build_model(settings: TrainerSettings) -> VAE:
    """The model with every variable created, not compiled."""
    return MODELS[settings.model.family](settings)
