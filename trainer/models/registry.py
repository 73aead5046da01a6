"""Models by the name of their family; the registry itself is `trainer.config.families`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainer.config import TrainerConfig

if TYPE_CHECKING:
    from trainer.models.vae import VAE


def build_model(config: TrainerConfig) -> VAE:
    """Returns the model with every variable created, not compiled.

    `config` holds the names of the condition, where there is one.
    """
    return config.model.family_entry.model(config)
