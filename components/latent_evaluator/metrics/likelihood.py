"""The likelihood of images: the ELBO and its parts, and a tighter bound."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import logsumexp

from components.latent_evaluator.metrics.context import EvaluatedModel, scored
from components.latent_evaluator.metrics.registry import (
    HIGH,
    LIKELIHOOD,
    LOW,
    Check,
    Judged,
    Measurement,
    Row,
    Threshold,
    metric,
)
from trainer.data.records import noise_for

_BATCH = 512  # (image, z) pairs that are decoded at once


def _not_much_worse(key: str, sign: int, name: str) -> Threshold:
    """Returns the threshold of a likelihood against the blessed model's.

    A model is refused where even the better end of the interval of the paired difference is
    worse than allowed.

    Args:
      key: the metric.
      sign: turns the metric into a cost in nats, of which less is better.
      name: the cost, in the words of the verdict.
    """

    def check(value: float, limit: float, judged: Judged) -> Check | None:
        assert judged.baseline is not None
        if key != "elbo" and judged.metrics["elbo"] is not None:
            return None
        new, old = sign * value, sign * judged.baseline[key]
        if not math.isfinite(old):
            return Check(
                True, f"the blessed model's {name} is not finite on this data: not compared"
            )
        scale = max(abs(old), 1e-12)
        change, surely = (new - old) / scale, (new - old) / scale
        between = ""
        if judged.difference is not None:
            low, high = judged.difference
            surely = low / scale
            between = f", {surely:.1%} to {high / scale:.1%} with 95% confidence"
        direction = "worse" if change > 0 else "better"
        return Check(
            surely <= limit,
            f"{name} {new:.2f} nats against the blessed model's {old:.2f}: "
            f"{abs(change):.1%} {direction}{between} (at most {limit:.1%} worse)",
        )

    return Threshold(limit="max_worsening", check=check, relative=True)


scored("count", group=LIKELIHOOD)

scored(
    "elbo",
    Row(
        "ELBO",
        ",.1f",
        HIGH,
        "lower bound of log p(x), an image",
        unit="nats",
        headline=True,
        sliced=True,
    ),
    group=LIKELIHOOD,
    needs=("has_posterior",),
    threshold=_not_much_worse("elbo", -1, "negative ELBO"),
    values=lambda model: -model.nats,
)


def log_normal(z: np.ndarray, mean: np.ndarray | float, log_var: np.ndarray | float) -> np.ndarray:
    """Returns log N(z; mean, exp(log_var)), summed over the last axis, in nats."""
    each = -0.5 * ((z - mean) ** 2 / np.exp(log_var) + log_var) - 0.5 * math.log(2 * math.pi)
    return each.sum(axis=-1)


def log_weights(
    log_likelihood: np.ndarray, z: np.ndarray, z_mean: np.ndarray, z_log_var: np.ndarray
) -> np.ndarray:
    """Returns log p(x|z) + log p(z) - log q(z|x) with the prior N(0, I), float64 [...].

    log_likelihood: nats at z, [...]. z, z_mean, z_log_var: [..., d], or what broadcasts to it.
    """
    z = z.astype(np.float64)
    return log_likelihood + log_normal(z, 0.0, 0.0) - log_normal(z, z_mean, z_log_var)


def importance_weighted(weights: np.ndarray) -> np.ndarray:
    """Returns the log of the mean weight of k samples: a lower bound of log p(x) that grows with k.

    Burda et al. 2016 (arXiv 1509.00519), eq. 8. With one sample it is the ELBO. Log weights [n, k]
    give nats, float64 [n].
    """
    return logsumexp(weights, axis=1) - math.log(weights.shape[1])


def importance_bounds(model: EvaluatedModel) -> np.ndarray | None:
    """Returns the importance-weighted bound of log p(x) of the first `iw_images` images, in nats,
    float64 [n]; None where it is not wanted."""
    config = model.config
    if not config.iw_samples:
        return None
    chosen = slice(0, config.iw_images)
    columns = (model.z_mean[chosen], model.columns["z_log_var"][chosen])
    return importance_weighted(np.concatenate(list(_log_weights(model, chosen, *columns))))


def _log_weights(
    model: EvaluatedModel, chosen: slice, z_mean: np.ndarray, z_log_var: np.ndarray
) -> Iterator[np.ndarray]:
    """Yields log weights of `iw_samples` draws of z for batches of the chosen images, [n, k]."""
    records, k, size = model.records.rows(chosen), model.config.iw_samples, model.model.latent_dim
    step = max(1, _BATCH // k)
    for start in range(0, len(records.keys), step):
        batch = records.rows(slice(start, start + step))
        mean, log_var = (x[start : start + step, None] for x in (z_mean, z_log_var))
        noise = [noise_for(key, model.config.seed, k * size).reshape(k, size) for key in batch.keys]
        z = mean + np.exp(log_var / 2) * np.stack(noise)
        repeated = batch.rows(np.repeat(np.arange(len(batch.keys)), k))
        likelihood = model.model.log_likelihood(repeated, z.reshape(-1, size))
        yield log_weights(likelihood.reshape(-1, k), z, mean, log_var)


@metric(
    "iw_log_likelihood",
    Row("log-likelihood", ",.1f", HIGH, "importance-weighted, a tighter bound", unit="nats"),
    group=LIKELIHOOD,
    needs=("has_posterior",),
)
def iw_log_likelihood(model: EvaluatedModel) -> Measurement:
    bounds = model.once(importance_bounds)
    if bounds is None:
        return Measurement(None)
    return Measurement(float(bounds.mean()), model.mean_interval(bounds))


@metric("iw_gain", group=LIKELIHOOD, needs=("has_posterior",))
def iw_gain(model: EvaluatedModel) -> Measurement:
    """Measures how far the bound lies above the ELBO of the same images, in nats."""
    bounds = model.once(importance_bounds)
    if bounds is None:
        return Measurement(None)
    return Measurement(float(np.mean(bounds + model.nats[: len(bounds)])))


@metric("iw_samples", group=LIKELIHOOD, needs=("has_posterior",))
def iw_samples(model: EvaluatedModel) -> Measurement:
    return Measurement(model.config.iw_samples or None)


scored(
    "reconstruction_loss",
    Row(
        "reconstruction loss",
        ",.1f",
        LOW,
        "negative log p(x|z), an image",
        unit="nats",
        stands_in_for="elbo",
        sliced=True,
    ),
    group=LIKELIHOOD,
    threshold=_not_much_worse(
        "reconstruction_loss", 1, "reconstruction loss (there is no ELBO without a posterior)"
    ),
    values=lambda model: model.columns["reconstruction_loss"],
)

scored(
    "kl_loss",
    Row(
        "KL",
        ",.2f",
        words="what a code tells about its image",
        unit="nats",
        headline=True,
        sliced=True,
    ),
    group=LIKELIHOOD,
    needs=("has_posterior",),
    values=lambda model: model.columns["kl_loss"],
)

scored(
    "bits_per_dim",
    Row("bits per dimension", ".4f", LOW, "what a byte of the image costs to code, at most"),
    group=LIKELIHOOD,
)

scored("labels", group=LIKELIHOOD)
