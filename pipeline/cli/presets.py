"""The verb `presets`."""

from __future__ import annotations

import json
from typing import Any

import click

from pipeline.config.pipeline import PipelineConfig, load_config, preset_names
from trainer.config.imported import load
from trainer.models.beta import implied_sigma


@click.command()
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, with parameter counts and effective beta."
)
def presets(as_json: bool) -> None:
    """List the presets, with the effective beta and the pixel sigma it implies."""
    configs = [load_config(name) for name in preset_names()]
    if as_json:
        descriptions = {config.name: describe_preset(config) for config in configs}
        click.echo(json.dumps(descriptions, indent=2))
        return
    width = max(len(config.name) for config in configs)
    click.echo(f"{'preset'.ljust(width)}  {'beta':>6}  {'sigma':>6}")
    for config in configs:
        beta = config.model.beta if config.model.has_prior else None
        numbers = "  ".join(
            f"{'-' if number is None else format(number, '.4g'):>6}"
            for number in (beta, implied_sigma(config.model))
        )
        click.echo(f"{config.name.ljust(width)}  {numbers}  {config.description}")


def describe_preset(config: PipelineConfig) -> dict[str, Any]:
    """Returns source, parameter counts (non-trainable included), latent size, beta and sigma.

    The counts are None for a conditional model whose condition only the data can name.
    """
    model = config.model
    networks, heads = model.architecture_entry, load(model.family_entry.model).heads
    labels = getattr(config.data, "label_names", ()) or config.data.words
    names = len(labels) if model.condition == "label" else 0
    counts: tuple[int | None, int | None] = (None, None)
    if names or model.condition == "none":
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
