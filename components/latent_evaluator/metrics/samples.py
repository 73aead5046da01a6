"""The quality and the variety of samples of the prior, beside real images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from components.latent_evaluator.metrics.bootstrap import percentile_interval
from components.latent_evaluator.metrics.class_coverage import class_shares, dropped
from components.latent_evaluator.metrics.context import EvaluatedModel
from components.latent_evaluator.metrics.precision_recall import NEIGHBOURS, precision_and_recall
from components.latent_evaluator.metrics.registry import (
    HIGH,
    INTERVAL,
    LOW,
    SAMPLES,
    Check,
    Judged,
    Measurement,
    Row,
    Threshold,
    metric,
)
from trainer.measures.feature_network import LABEL, Features, cfid, resampled_cfid
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


def _not_much_further(key: str, name: str) -> Threshold:
    """Returns the threshold of a distance of samples from real images against the blessed model's.

    A model is refused where even the better end of its interval is worse than allowed after the
    worse end of the blessed model's.
    """

    def check(value: float, limit: float, judged: Judged) -> Check | None:
        assert judged.baseline is not None
        old = judged.baseline.get(key)
        if old is None or not math.isfinite(old):
            return None
        low, high = judged.metrics[key + INTERVAL]
        old_low, old_high = judged.baseline[key + INTERVAL]
        return Check(
            low <= old_high * (1 + limit),
            f"{name} {value:.4g} ({low:.4g} to {high:.4g}) against the blessed model's "
            f"{old:.4g} ({old_low:.4g} to {old_high:.4g}) (at most "
            f"{limit:.0%} worse, beyond both intervals)",
        )

    return Threshold(limit="max_sample_worsening", check=check, relative=True)


@metric(
    "cfid_samples",
    Row("cFID", ".2f", LOW, "Frechet distance by the eye of the extractor below", headline=True),
    group=SAMPLES,
    needs=("extractor",),
    threshold=_not_much_further("cfid_samples", "cFID of samples"),
)
def cfid_samples(model: EvaluatedModel) -> Measurement:
    return feature_distance(model, model.features.sampled)


@metric(
    "sliced_wasserstein",
    Row("sliced Wasserstein", ".4f", LOW, "distance of the images' distributions, no extractor"),
    group=SAMPLES,
    threshold=_not_much_further("sliced_wasserstein", "sliced Wasserstein distance of samples"),
)
def sliced_wasserstein(model: EvaluatedModel) -> Measurement:
    return model.once(pixel_distances)[0]


def coverage(model: EvaluatedModel) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns which samples lie among the real images, and the other way round, as
    `precision_and_recall` does; None for too few images."""
    real, sampled = model.features.real.values, model.features.sampled.values
    if min(len(real), len(sampled)) <= NEIGHBOURS:
        return None
    return precision_and_recall(real, sampled)


def _share_covered(model: EvaluatedModel, side: int) -> Measurement:
    covered = model.once(coverage)
    if covered is None:
        return Measurement(None)
    values = covered[side].astype(np.float64)
    return Measurement(float(values.mean()), model.mean_interval(values))


@metric(
    "precision",
    Row("precision", ".3f", HIGH, "samples that look real"),
    group=SAMPLES,
    needs=("extractor",),
)
def precision(model: EvaluatedModel) -> Measurement:
    return _share_covered(model, 0)


@metric(
    "recall",
    Row("recall", ".3f", HIGH, "real images the samples come near to", headline=True),
    group=SAMPLES,
    needs=("extractor",),
)
def recall(model: EvaluatedModel) -> Measurement:
    return _share_covered(model, 1)


def _no_class_dropped(value: dict[str, Any], limit: float, judged: Judged) -> Check:
    missing = [
        f"{name} ({share['sampled']:.1%} of samples, {share['real']:.1%} of real images)"
        for name, share in value.items()
        if dropped(share["real"], share["sampled"], judged.config.samples, limit)
    ]
    least = f"at least {limit:.0%} of its share of real images"
    if missing:
        return Check(False, f"dropped classes: {', '.join(missing)}; each needs {least}")
    return Check(True, f"none of {len(value)} classes is missing from the samples ({least})")


@metric(
    "classes",
    group=SAMPLES,
    needs=("extractor",),
    threshold=Threshold(limit="min_class_share", check=_no_class_dropped),
)
def classes(model: EvaluatedModel) -> Measurement:
    assert model.extractor is not None
    task = model.extractor.facts
    if task["kind"] != LABEL:
        return Measurement(None)
    real, sampled = model.features.real.scores, model.features.sampled.scores
    return Measurement(class_shares(real, sampled, task["names"]))
