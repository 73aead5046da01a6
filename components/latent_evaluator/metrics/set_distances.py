"""Distances of samples and reconstructions from real images, as sets, with their intervals."""

from __future__ import annotations

import numpy as np

from components.latent_evaluator.metrics.bootstrap import percentile_interval
from components.latent_evaluator.metrics.context import EvaluatedModel
from components.latent_evaluator.metrics.registry import Measurement
from trainer.measures.feature_network import Features, cfid, resampled_cfid
from trainer.measures.sliced_wasserstein import distance_of_projections, draw_directions


def pixel_distances(model: EvaluatedModel) -> tuple[Measurement, Measurement]:
    """Measures the sliced Wasserstein distances of samples and of reconstructions from real images,
    of pixels in [0, 1], along the same random directions."""
    real, config = model.images, model.config
    directions = draw_directions(int(np.prod(real.shape[1:])), config.projections, config.seed)
    reference, sampled, reconstructed = (
        _Projected(images, directions) for images in (real, model.samples, model.reconstructions)
    )
    return (
        _pixel_distance(model, reference, sampled),
        _pixel_distance(model, reference, reconstructed),
    )


def _pixel_distance(
    model: EvaluatedModel, reference: _Projected, images: _Projected
) -> Measurement:
    point = distance_of_projections(reference.ordered, images.ordered)
    pairs = zip(model.counts, model.resamples(images.size, 1), strict=True)
    resampled = [distance_of_projections(reference.redrawn(a), images.redrawn(b)) for a, b in pairs]
    return Measurement(point, around(point, np.array(resampled)))


class _Projected:
    """Projections of images on each direction: float32 [n, p], sorted in each column."""

    SPREAD = 32  # directions that resamples are taken in

    def __init__(self, images: np.ndarray, directions: np.ndarray) -> None:
        pixels = images.reshape(len(images), -1).astype(np.float32) / 255
        along = pixels @ directions
        self._order = np.argsort(along, axis=0)
        self.ordered = np.take_along_axis(along, self._order, axis=0)
        self.size = len(images)

    def redrawn(self, counts: np.ndarray) -> np.ndarray:
        """Returns the first SPREAD columns of a resample in which image i is counts[i] times."""
        times = counts.astype(np.int64)[self._order[:, : self.SPREAD]]
        columns = zip(self.ordered.T[: self.SPREAD], times.T, strict=True)
        return np.stack([np.repeat(column, repeats) for column, repeats in columns], axis=1)


def feature_distance(model: EvaluatedModel, features: Features) -> Measurement:
    """Measures the cFID of images from the real ones; None for fewer than two images."""
    real = model.features.real
    if min(len(real.values), len(features.values)) < 2:
        return Measurement(None)
    point = cfid(real, features)
    counts = model.resamples(len(features.values), 1)
    return Measurement(point, around(point, resampled_cfid(real, features, model.counts, counts)))


def around(point: float, resampled: np.ndarray) -> list[float]:
    """Returns the percentile interval, moved so that the resamples average to the point.

    Distances between sets grow when images are drawn twice. That bias says nothing of how far
    the number would move on other images, and would push the interval off the number.
    """
    if not np.isfinite(resampled).any():
        return [float("nan")] * 2
    shifted = np.array(percentile_interval(resampled)) + point - np.nanmean(resampled)
    return np.maximum(shifted, 0).tolist()
