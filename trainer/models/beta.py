"""The weights of reconstruction and KL of published losses, in one convention.

Standard library only.
"""

from __future__ import annotations

import math

from trainer.config import ModelConfig


def effective_beta(
    *,
    reconstruction_weight: float,
    averaged_over: int = 1,
    kl_weight: float = 1.0,
    reconstruction: str = "bernoulli",
) -> float:
    """Returns the beta of a published loss in this project's convention.

    The source writes `reconstruction_weight * mean + kl_weight * KL`, where the mean over
    `averaged_over` values is of binary cross-entropy ("bernoulli") or of squared error
    ("gaussian", whose NLL at sigma 1 is half the sum of squares). Dividing by the weight of
    the summed NLL leaves NLL + beta * KL. So a weight on the reconstruction acts as 1/beta:
    the larger, the less regularised.

    >>> effective_beta(reconstruction_weight=500, averaged_over=1024)
    2.048
    """
    nats_per_value = 1.0 if reconstruction == "bernoulli" else 0.5
    return kl_weight * averaged_over * nats_per_value / reconstruction_weight


def implied_sigma(model: ModelConfig) -> float | None:
    """Returns the Gaussian noise with the same optimum at beta 1: sigma * sqrt(beta).

    SSE / (2 sigma^2) + beta KL is proportional to SSE / (2 beta sigma^2) + KL. None for a
    Bernoulli reconstruction, which has no sigma, and where there is no KL. For
    `gaussian_learned` it holds at the start.
    """
    if not (model.reconstruction_entry.density and model.has_prior):
        return None
    return model.sigma * math.sqrt(model.beta)
