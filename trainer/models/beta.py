"""The noise that the weight of the KL amounts to. Standard library only."""

from __future__ import annotations

import math

from trainer.config import ModelConfig


def implied_sigma(model: ModelConfig, sigma: float | None = None) -> float | None:
    """Returns the Gaussian noise with the same optimum at beta 1: sigma * sqrt(beta).

    SSE / (2 sigma^2) + beta KL is proportional to SSE / (2 beta sigma^2) + KL. None for a
    Bernoulli reconstruction, which has no sigma, and where there is no KL.

    Args:
      sigma: the learned one of `gaussian_learned`; None: the configured one, which is where
        learning starts.
    """
    if not (model.reconstruction_entry.density and model.has_prior):
        return None
    return (model.sigma if sigma is None else sigma) * math.sqrt(model.beta)
