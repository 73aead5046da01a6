"""What `latentforge presets --json` tells of a preset."""

from __future__ import annotations

from typing import Any

from pipeline.config import PipelineConfig
from trainer.architectures import ARCHITECTURES
from trainer.hparams import ImageShape, implied_sigma


def preset_facts(config: PipelineConfig) -> dict[str, Any]:
    """Source, parameter counts (non-trainable included), latent size, beta and sigma."""
    side = config.data.image_size
    networks = ARCHITECTURES[config.model.architecture]
    image, latent_dim = ImageShape(height=side, width=side), config.model.latent_dim
    return {
        "source": config.data.source,
        "description": config.description,
        "family": config.model.family,
        "encoder_parameters": networks.encoder(image, latent_dim).count_params(),
        "decoder_parameters": networks.decoder(image, latent_dim).count_params(),
        "latent_dim": latent_dim,
        "effective_beta": config.model.beta,
        "implied_sigma": implied_sigma(config.model),
    }
