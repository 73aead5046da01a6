"""The likelihood of images: the ELBO and its parts, and a tighter bound."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import logsumexp

from components.latent_evaluator.metrics.context import EvaluatedModel, scored
from components.latent_evaluator.metrics.non_inferiority import Comparison
from components.latent_evaluator.metrics.registry import (
    HIGH,
    LIKELIHOOD,
    LOW,
    Measurement,
    Row,
    metric,
)
from components.latent_evaluator.metrics.thresholds import Beside, Judged, NonInferior
from components.latent_evaluator.passes.score_accumulator import cross_entropy, gaussian_loss
from trainer.data.records import noise_for

_BATCH = 512  # (image, z) pairs that are decoded at once


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
    values=lambda model: -model.nats,
)


@metric("likelihood", group=LIKELIHOOD)
def likelihood(model: EvaluatedModel) -> Measurement:
    """Tells the unit of the nats above: those of models for which it differs are not compared."""
    kind = model.metadata["reconstruction"]
    sigma = None if "learned" in kind else model.metadata["sigma"]
    return Measurement({"kind": kind, "sigma": sigma, "posterior": model.has_posterior})


def mean_image_costs(model: EvaluatedModel) -> np.ndarray:
    """Returns what each image costs if the split's own mean image is all that is known of it, in
    nats under the model's likelihood, float64 [n]."""
    total, whole = model.accumulator, model.scores["mean_image"]
    mean = total.moments["pixel"][0].reshape(-1) / model.scores["count"]
    sigma = model.metadata["sigma"] or 1.0
    if "learned" in model.metadata["reconstruction"]:
        sigma = max(whole["mse"], 1e-12) ** 0.5  # the best one for the mean image
    costs = []
    for start in range(0, len(model.images), _BATCH):
        pixels = model.images[start : start + _BATCH].astype(np.float64) / 255
        pixels = pixels.reshape(len(pixels), -1)
        if model.metadata["reconstruction"] == "bernoulli":
            costs.append(cross_entropy(pixels, mean).sum(axis=1))
        else:
            errors = ((pixels - mean) ** 2).sum(axis=1)
            costs.append(gaussian_loss(errors, mean.size, sigma**2))
    return np.concatenate(costs)


def _keeps_the_gain(new: Judged, old: Judged, margin: float) -> Beside | None:
    """Compares the share of what the reference gains over the mean image that the model loses.

    Gains are compared in nats where both are of one likelihood. Nats of two sigmas are of two
    units; then, and where the reference gains nothing, the squared error of reconstructions is
    compared, again as a share of what the reference takes off the mean image's.
    """
    alike = new.metrics["likelihood"] == old.metrics["likelihood"]
    if alike and old.metrics["gain"] > 0:
        key, floor, sign = "gain", 0.0, 1
    else:
        key, floor, sign = "mse", old.metrics["mean_image"]["mse"], -1
    value, other = (each.metrics[key] for each in (new, old))
    before, after = (sign * (each.draws[key] - floor) for each in (old, new))
    scale = sign * (other - floor)
    if not math.isfinite(other) or scale <= 0:
        return None
    comparison = Comparison.of(
        worse=sign * (other - value) / scale,
        margin=margin,
        slack=(after - (1 - margin) * before) / scale,
        images=new.images(sampled=False),
    )
    gain = key == "gain"
    return Beside(
        comparison=comparison,
        number="gain over the mean image" if gain else "squared error of reconstructions",
        value=f"{value:,.1f} nats" if gain else f"{value:.5f}",
        other=f"{other:,.1f}" if gain else f"{other:.5f}",
        amount=lambda x: f"{x:.1%}",
    )


@metric(
    "gain",
    Row(
        "gain over the mean image",
        ",.1f",
        HIGH,
        "nats an image costs less than by the mean image",
        unit="nats",
    ),
    group=LIKELIHOOD,
    threshold=NonInferior(limit="max_gain_lost", compare=_keeps_the_gain),
)
def gain(model: EvaluatedModel) -> Measurement:
    """Measures what the code is worth: its zero is a model that knows only the mean image, so that
    neither the unit of pixels nor the constant of a density matters to shares of it."""
    costs = model.scores["reconstruction_loss"] + (model.scores["kl_loss"] or 0.0)
    value = model.scores["mean_image"]["reconstruction_loss"] - costs
    return model.mean(value, mean_image_costs(model) - model.nats)


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
