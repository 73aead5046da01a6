"""What a weighting of reconstruction against KL amounts to, in one convention.

Standard library only.
"""

from __future__ import annotations

import math
from typing import Any

from trainer.config import ModelConfig

# preset -> how its source writes the loss, as the arguments of `effective_beta`
PUBLISHED: dict[str, dict[str, Any]] = {
    # (784 * mean BCE + KL) / 2 / 784
    "mnist_vae_dense": {
        "reconstruction_weight": 0.5,
        "averaged_over": 784,
        "kl_weight": 0.5 / 784,
    },
    "mnist_cvae_blog": {
        "reconstruction_weight": 0.5,
        "averaged_over": 784,
        "kl_weight": 0.5 / 784,
    },
    # sum of BCE + KL
    "mnist_vae": {"reconstruction_weight": 1},
    "mnist_cvae": {"reconstruction_weight": 1},
    # 500 * mean BCE over 32x32 + KL
    "fashion_vae": {"reconstruction_weight": 500, "averaged_over": 1024},
    # 2000 * mean squared error over 64x64x3 + KL
    "celeba_vae": {
        "reconstruction_weight": 2000,
        "averaged_over": 12288,
        "reconstruction": "gaussian",
    },
    # mean BCE over 32x32 + 1e-4 * KL
    "cats_vae": {"reconstruction_weight": 1, "averaged_over": 1024, "kl_weight": 1e-4},
}


def effective_beta(
    *,
    reconstruction_weight: float,
    averaged_over: int = 1,
    kl_weight: float = 1.0,
    reconstruction: str = "bernoulli",
) -> float:
    """The beta that a published loss amounts to in this project's convention.

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
    """The Gaussian noise that would give the same optimum at beta 1: sigma * sqrt(beta).

    SSE / (2 sigma^2) + beta KL is proportional to SSE / (2 beta sigma^2) + KL. None for a
    Bernoulli reconstruction, which has no sigma, and where there is no KL. For
    `gaussian_learned` it holds at the start.
    """
    if not (model.reconstruction_entry.density and model.has_prior):
        return None
    return model.sigma * math.sqrt(model.beta)
