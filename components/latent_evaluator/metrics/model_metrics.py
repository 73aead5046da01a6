"""Everything that is measured of one model, from its tally, its SavedModels and the data."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from components.latent_evaluator.config import ATTRIBUTE_FACTORS, EvaluationConfig
from components.latent_evaluator.metrics.bootstrap import mean_interval
from components.latent_evaluator.metrics.disentanglement import disentanglement
from components.latent_evaluator.metrics.factors import factors_of
from components.latent_evaluator.metrics.importance_weighting import (
    importance_weighted,
    log_weights,
)
from components.latent_evaluator.metrics.normality import latent_normality
from components.latent_evaluator.metrics.probes import probe_attributes, probe_labels
from components.latent_evaluator.metrics.sample_metrics import (
    Bootstrap,
    Metrics,
    class_measures,
    feature_measures,
    wasserstein_measures,
)
from components.latent_evaluator.passes.tally import ScoreAccumulator, metrics
from trainer.data.records import Records, noise_for
from trainer.export.loaded import LoadedDecoder, LoadedModel, encode_condition
from trainer.measures.feature_network import FeatureNetwork

FACTOR_IMAGES = 2000  # that disentanglement is measured on, at most
_IW_BATCH = 512
_IW = ("iw_log_likelihood", "iw_gain", "iw_samples")


@dataclasses.dataclass(frozen=True)
class EvaluationContext:
    """What is the same for every model of a run.

    attributes: names. factors: as `factors.read_factors` gives them; None where unknown.
    """

    config: EvaluationConfig
    attributes: tuple[str, ...]
    extractor: FeatureNetwork | None
    factors: dict[bytes, tuple[str, ...]] | None

    @property
    def draws(self) -> Bootstrap:
        return Bootstrap(self.config.resamples, self.config.seed, self.config.projections)


@dataclasses.dataclass(frozen=True)
class ModelEvaluation:
    """metrics: what metrics.json holds of a model. kept: see `Tally.kept`. samples: uint8
    [m, height, width, channels] of the prior; told: their conditions, None without."""

    metrics: Metrics
    kept: dict[str, np.ndarray]
    samples: np.ndarray
    told: np.ndarray | None


def measure(
    tally: ScoreAccumulator, model: LoadedModel, decoder: LoadedDecoder, known: EvaluationContext
) -> ModelEvaluation:
    """All but the search for copies, which goes through the training images once for all."""
    config, kept = known.config, tally.kept.columns()
    metadata = model.metadata
    records = records_of(kept)
    told = sample_conditions(metadata, records, config.samples)
    samples = decoder.sample(config.samples, config.seed, told)
    found = metrics(
        tally,
        likelihood=metadata["reconstruction"],
        sigma=metadata["sigma"] or 1.0,
        posterior=model.has_prior,
    )
    found |= _intervals(kept, known.draws)
    found |= _codes(kept, model, config, records)
    with threadpool_limits(1):  # many small fits: more threads only wait for each other
        found |= _probes(kept, records, metadata)
        found["disentanglement"] = _disentanglement(kept, known)
    found |= wasserstein_measures(kept["image"], samples, kept["reconstruction"], known.draws)
    found |= _by_features(kept, samples, told, metadata, records, known)
    return ModelEvaluation(found, kept, samples, told)


def sample_conditions(metadata: dict[str, Any], records: Records, count: int) -> np.ndarray | None:
    """Those of images of the split in turn, so that samples are told what real images are:
    float32 [count, names]; None of a model that is told nothing."""
    conditions = encode_condition(metadata, records.labels, records.attributes)
    return None if conditions is None else conditions[np.arange(count) % len(conditions)]


def records_of(kept: dict[str, np.ndarray]) -> Records:
    """Returns the kept images in the form in which models take them."""
    images = kept["image"]
    return Records(
        keys=list(kept["key"]),
        labels=list(kept["label"]),
        images=images,
        attributes=kept.get("attributes", np.zeros((len(images), 0), np.int8)),
    )


def nats(kept: dict[str, np.ndarray]) -> np.ndarray:
    """What each image costs, float64 [n]: the negative ELBO, or without a posterior the
    reconstruction loss."""
    return kept["reconstruction_loss"] + kept["kl_loss"]


def _intervals(kept: dict[str, np.ndarray], draws: Bootstrap) -> Metrics:
    counts = draws.counts(len(kept["key"]))
    size = int(np.prod(kept["image"].shape[1:]))
    values = {
        "reconstruction_loss": kept["reconstruction_loss"],
        "mse": kept["squared_error"] / size,
        "ssim": kept["ssim"],
    }
    if "z_log_var" in kept:
        values |= {"kl_loss": kept["kl_loss"], "elbo": -nats(kept)}
    return {f"{name}_interval": list(mean_interval(each, counts)) for name, each in values.items()}


def _codes(
    kept: dict[str, np.ndarray], model: LoadedModel, config: EvaluationConfig, records: Records
) -> Metrics:
    """latent_normality and the importance-weighted likelihood, None without a posterior."""
    if "z_log_var" not in kept:
        return dict.fromkeys(("latent_normality", *_IW))
    size = model.latent_dim
    noise = np.stack([noise_for(key, config.seed, size) for key in records.keys])
    z = kept["z_mean"] + np.exp(kept["z_log_var"] / 2) * noise
    found: Metrics = {"latent_normality": latent_normality(z)}
    if not config.iw_samples:
        return found | dict.fromkeys(_IW)
    chosen = slice(0, config.iw_images)
    bounds = importance_weighted(
        _log_weights(
            records.rows(chosen),
            kept["z_mean"][chosen],
            kept["z_log_var"][chosen],
            model,
            config,
        )
    )
    counts = Bootstrap(config.resamples, config.seed, 1).counts(len(bounds))
    return found | {
        "iw_log_likelihood": float(bounds.mean()),
        "iw_log_likelihood_interval": list(mean_interval(bounds, counts)),
        "iw_gain": float(np.mean(bounds + nats(kept)[chosen])),
        "iw_samples": config.iw_samples,
    }


def _log_weights(
    records: Records,
    z_mean: np.ndarray,
    z_log_var: np.ndarray,
    model: LoadedModel,
    config: EvaluationConfig,
) -> np.ndarray:
    """Of k samples of z for each image, [n, k]."""
    k, size = config.iw_samples, model.latent_dim
    parts = []
    step = max(1, _IW_BATCH // k)
    for start in range(0, len(records.keys), step):
        some = records.rows(slice(start, start + step))
        mean, log_var = (x[start : start + step, None] for x in (z_mean, z_log_var))
        noise = [noise_for(key, config.seed, k * size).reshape(k, size) for key in some.keys]
        z = mean + np.exp(log_var / 2) * np.stack(noise)
        likelihood = model.log_likelihood(
            some.rows(np.repeat(np.arange(len(some.keys)), k)), z.reshape(-1, size)
        ).reshape(-1, k)
        parts.append(log_weights(likelihood, z, mean, log_var))
    return np.concatenate(parts)


def _probes(kept: dict[str, np.ndarray], records: Records, metadata: dict[str, Any]) -> Metrics:
    """condition_probe of a conditional model."""
    condition, z = metadata.get("condition"), kept["z_mean"]
    if condition is None or not np.isfinite(z).all():
        return {"condition_probe": None}
    by_label = condition["kind"] == "label"
    labels = np.array(records.labels)
    probe = probe_labels(z, labels) if by_label else probe_attributes(z, records.attributes)
    return {"condition_probe": probe._asdict() if probe else None}


def _disentanglement(kept: dict[str, np.ndarray], known: EvaluationContext) -> Metrics | None:
    z = kept["z_mean"][:FACTOR_IMAGES]
    if known.config.factors == ATTRIBUTE_FACTORS and "attributes" in kept:
        values = kept["attributes"][:FACTOR_IMAGES].astype(np.int64)
        return disentanglement(z, dict(zip(known.attributes, values.T, strict=True)))
    if known.factors is None:
        return None
    rows, factors = factors_of(list(kept["key"][:FACTOR_IMAGES]), known.factors)
    return disentanglement(z[rows], factors, known.config.seed) if len(rows) else None


def _by_features(
    kept: dict[str, np.ndarray],
    samples: np.ndarray,
    told: np.ndarray | None,
    metadata: dict[str, Any],
    records: Records,
    known: EvaluationContext,
) -> Metrics:
    """What the extractor is needed for; None each without one."""
    if known.extractor is None:
        names = ("cfid_samples", "cfid_reconstructions", "precision", "recall")
        return dict.fromkeys((*names, "classes", "label_fidelity"))
    real, sampled, reconstructed = (
        known.extractor(images) for images in (kept["image"], samples, kept["reconstruction"])
    )
    facts = known.extractor.facts
    condition = metadata.get("condition")
    comparable = condition is not None and condition["names"] == facts["names"]
    return feature_measures(real, sampled, reconstructed, known.draws) | class_measures(
        real,
        sampled,
        facts["kind"],
        facts["names"],
        told if comparable else None,
        encode_condition(metadata, records.labels, records.attributes) if comparable else None,
        known.draws,
    )
