"""The importance-weighted bound of the likelihood of images, tighter than the ELBO."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import logsumexp

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def log_normal(z: np.ndarray, mean: np.ndarray | float, log_var: np.ndarray | float) -> np.ndarray:
    """Returns log N(z; mean, exp(log_var)), summed over the last axis, in nats."""
    each = -0.5 * ((z - mean) ** 2 / np.exp(log_var) + log_var) - _HALF_LOG_2PI
    return each.sum(axis=-1)


def log_weights(
    log_likelihood: np.ndarray, z: np.ndarray, z_mean: np.ndarray, z_log_var: np.ndarray
) -> np.ndarray:
    """Returns log p(x|z) + log p(z) - log q(z|x) with the prior N(0, I), float64.

    Args:
      log_likelihood: [...] nats, at z.
      z, z_mean, z_log_var: [..., d], or what broadcasts to it.
    """
    z = z.astype(np.float64)
    return log_likelihood + log_normal(z, 0.0, 0.0) - log_normal(z, z_mean, z_log_var)


def importance_weighted(weights: np.ndarray) -> np.ndarray:
    """Returns the log of the mean weight of k samples: a lower bound of log p(x) that grows with k.

    Burda et al. 2016 (arXiv 1509.00519), eq. 8. With one sample it is the ELBO.

    Args:
      weights: log weights [n, k].

    Returns:
      Nats, float64 [n].
    """
    return logsumexp(weights, axis=1) - math.log(weights.shape[1])
