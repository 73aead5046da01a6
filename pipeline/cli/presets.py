"""What `latentforge presets` tells of a preset."""

from __future__ import annotations

from typing import Any

from pipeline.config.pipeline import PipelineConfig
from trainer.config.imported import load
from trainer.models.beta import implied_sigma


def preset_facts(config: PipelineConfig) -> dict[str, Any]:
    """Source, parameter counts (non-trainable included), latent size, beta and sigma.

    Of a conditional model the counts are None where only the data can name the condition.
    """
    model = config.model
    networks, heads = model.architecture_entry, load(model.family_entry.model).heads
    names = condition_size(config)
    counts: tuple[int | None, int | None] = (None, None)
    if names is not None:
        shape = config.data.image_shape(), model.latent_dim, names
        encoder = networks.encoder(*shape, heads, width=model.width)
        decoder = networks.decoder(*shape, width=model.width)
        counts = encoder.count_params(), decoder.count_params()
    return {
        "source": config.data.source,
        "description": config.description,
        "family": model.family,
        "condition": model.condition,
        "encoder_parameters": counts[0],
        "decoder_parameters": counts[1],
        "latent_dim": model.latent_dim,
        "effective_beta": model.beta if model.has_prior else None,
        "implied_sigma": implied_sigma(model),
    }


def condition_size(config: PipelineConfig) -> int | None:
    """How many names the condition has, as far as the config tells; 0 without a condition."""
    if config.model.condition == "none":
        return 0
    if config.model.condition == "attributes":
        return None
    return len(getattr(config.data, "label_names", ()) or config.data.words) or None
