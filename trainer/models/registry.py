"""The only place that maps a family's name to its class."""

from __future__ import annotations

from trainer.config import TrainerConfig
from trainer.models.autoencoder import Autoencoder, DenoisingAutoencoder
from trainer.models.vae import CVAE, VAE
from trainer.models.vae_gan import VAEGAN

MODELS: dict[str, type[VAE]] = {
    "vae": VAE,
    "cvae": CVAE,
    "vae_gan": VAEGAN,
    "ae": Autoencoder,
    "denoising_ae": DenoisingAutoencoder,
}


def build_model(settings: TrainerConfig) -> VAE:
    """The model with every variable created, not compiled.

    `settings` hold the names of the condition, where there is one.
    """
    return MODELS[settings.model.family](settings)
