"""The metrics of a trial, and the objective that makes one trial better than another.

A loss that contains beta prefers the smallest beta, which is merely the cheapest; the ELBO,
where beta is 1, prefers models trained with 1. What a decoder is for is to draw new images: so
the default objective asks how far decoded samples of the prior are from real images, and, with
a weight, how well images survive encoding. Neither knows beta.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from data_prep import features as names
from trainer.config import CONDITION_FEATURES, LABEL_INDEX
from trainer.data.dataset import Arrays, from_arrays
from trainer.data.records import to_pixels
from trainer.measures.auc import mean_auc
from trainer.measures.feature_network import FeatureNetwork, cfid
from trainer.measures.sliced_wasserstein import sliced_wasserstein
from trainer.models.vae import VAE
from trainer.tuning.config import TunerConfig

Metrics = dict[str, float | None]

# The columns of a trial, None where the model or the data has no such thing. Nats are an image's.
METRICS = {
    "val_loss": "what training minimises, beta included: nats, and not the objective",
    "val_reconstruction_loss": "the distortion: nats",
    "val_kl_loss": "the rate: nats",
    "val_elbo": "nats, free of beta",
    "val_bits_per_dim": "of the ELBO",
    "val_active_units": "latent dimensions in use",
    "sliced_wasserstein": "of decoded samples of the prior to real images, pixels in [0, 1]",
    "relative_wasserstein": "the same, divided by what a mean image scores",
    "relative_error": "squared error of reconstructions, divided by the mean image's",
    "mean_image_reconstruction_loss": "what a mean image scores: nats",
    "attribute_auc": "how well directions in z tell attributes and labels, 0.5 to 1",
    "cfid": "Fréchet distance of features of a classifier trained on this data",
}
STRIP = 16  # samples drawn of each trial
BATCH = 256


def score(config: TunerConfig, metrics: Mapping[str, float | None]) -> float:
    """Returns the value of `config.objective`, one of `trainer.tuning.config.OBJECTIVES`.

    samples_and_reconstruction: relative_wasserstein + reconstruction_weight * relative_error;
      a mean image scores 1 + reconstruction_weight. Lower is better.
    val_elbo, cfid, attribute_auc: the metric of that name.
    distortion_at_rate: val_reconstruction_loss where val_kl_loss is at most `rate`. A model that
      needs more scores what a mean image does plus the excess, so that it never wins against one
      that keeps to the rate. Lower is better. The plane of rate and distortion: Alemi et al.
      2018, "Fixing a broken ELBO".
    """

    def measured(name: str) -> float:
        value = metrics[name]
        if value is None:
            raise ValueError(f"{config.objective} needs {name}, which cannot be measured here")
        return value

    if config.objective == "samples_and_reconstruction":
        weighted = config.reconstruction_weight * measured("relative_error")
        return measured("relative_wasserstein") + weighted
    if config.objective == "distortion_at_rate":
        excess = measured("val_kl_loss") - config.rate
        if excess > 0:
            return measured("mean_image_reconstruction_loss") + excess
        return measured("val_reconstruction_loss")
    return measured(config.objective)


def measure(
    model: VAE,
    arrays: Arrays,
    mean_image: np.ndarray,
    config: TunerConfig,
    batch_size: int,
    feature_network: FeatureNetwork | None = None,
) -> tuple[Metrics, np.ndarray]:
    """Measures a trained model on held-out images; equal weights give equal metrics.

    Args:
      model: compiled.
      arrays: images uint8 [n, height, width, channels], with their labels and attributes.
      mean_image: of the images that were learned from; see `mean_of`.
      batch_size: for the metrics that Keras takes.
      feature_network: of the features that cfid compares; without one there is no cfid.

    Returns:
      {name: value} with every name in `METRICS`, and samples, uint8 [STRIP, h, w, c].
    """
    metrics: Metrics = dict.fromkeys(METRICS)
    logs = model.evaluate(from_arrays(arrays, batch_size=batch_size), return_dict=True, verbose=0)
    metrics |= {f"val_{name}": float(logs[name]) for name in logs if f"val_{name}" in METRICS}
    real = arrays[names.IMAGE].astype(np.float32) / np.float32(255)

    def reconstruct(batch: dict[str, Any]) -> tuple[Any, ...]:
        condition = model.condition_of(batch)
        z_mean, _ = model.encode(model.scale(batch[names.IMAGE]), condition)
        return z_mean, model.decode(z_mean, condition)

    def sample(batch: dict[str, Any]) -> tuple[Any, ...]:
        """Samples the prior under the conditions that the images have."""
        return (model.decode(model.from_prior(batch["noise"]), model.condition_of(batch)),)

    codes, decoded = _in_batches(reconstruct, arrays)
    noise = np.random.default_rng(config.seed).standard_normal(codes.shape, np.float32)
    (samples,) = _in_batches(sample, {**arrays, "noise": noise})

    def distance(images: np.ndarray) -> float:
        one, other = real.reshape(len(real), -1), images.reshape(len(images), -1)
        return sliced_wasserstein(one, other, projections=config.projections, seed=config.seed)

    metrics["sliced_wasserstein"] = distance(samples)
    metrics["relative_wasserstein"] = distance(samples) / distance(mean_image[None])
    error = np.square(real - decoded, dtype=np.float64).sum()
    metrics["relative_error"] = float(error / np.square(real - mean_image, dtype=np.float64).sum())
    metrics["mean_image_reconstruction_loss"] = _constant_loss(model, real, mean_image)
    metrics["attribute_auc"] = mean_auc(codes, _attributes(arrays))
    pixels = to_pixels(samples)
    if feature_network is not None:
        metrics["cfid"] = cfid(feature_network(arrays[names.IMAGE]), feature_network(pixels))
    return metrics, pixels[:STRIP]


def mean_of(images: np.ndarray) -> np.ndarray:
    """Returns the mean image, float32 [height, width, channels] in [0, 1], of uint8 images."""
    return (images.mean(axis=0, dtype=np.float64) / 255).astype(np.float32)


def _in_batches(
    function: Callable[[dict[str, Any]], tuple[Any, ...]], arrays: Arrays
) -> list[np.ndarray]:
    compiled = tf.function(function, reduce_retracing=True)
    parts = [
        compiled({name: tf.constant(values[i : i + BATCH]) for name, values in arrays.items()})
        for i in range(0, len(arrays[names.IMAGE]), BATCH)
    ]
    return [
        np.concatenate([tf.cast(each, tf.float32).numpy() for each in column])
        for column in zip(*parts, strict=True)
    ]


def _constant_loss(model: VAE, real: np.ndarray, mean_image: np.ndarray) -> float:
    """Returns the mean reconstruction loss where every reconstruction is the mean image."""
    inside = mean_image.clip(1e-6, 1 - 1e-6).astype(np.float64)
    logits = np.log(inside / (1 - inside)).astype(np.float32)
    losses = [
        model.reconstruction_nll(tf.constant(each), tf.broadcast_to(logits, each.shape)).numpy()
        for each in np.array_split(real, -(-len(real) // BATCH))
    ]
    return float(np.concatenate(losses).mean(dtype=np.float64))


def _attributes(arrays: Arrays) -> np.ndarray:
    """Returns attributes, and each label against the rest, bool [n, names]."""
    count = len(arrays[names.IMAGE])
    columns = [np.zeros((count, 0), bool)]
    attributes = CONDITION_FEATURES["attributes"]
    if attributes in arrays:
        columns.append(arrays[attributes].reshape(count, -1) > 0)
    if LABEL_INDEX in arrays:
        index = arrays[LABEL_INDEX]
        columns.append(index[:, None] == np.unique(index[index >= 0]))
    return np.concatenate(columns, axis=1)
