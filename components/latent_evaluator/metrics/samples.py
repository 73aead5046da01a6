"""The quality and the variety of samples of the prior, beside real images."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from components.latent_evaluator.metrics.bootstrap import percentile_interval
from components.latent_evaluator.metrics.class_coverage import class_shares, dropped
from components.latent_evaluator.metrics.context import EvaluatedModel
from components.latent_evaluator.metrics.registry import (
    LOW,
    SAMPLES,
    Check,
    Judged,
    Measurement,
    Row,
    Threshold,
    metric,
)
from components.latent_evaluator.metrics.sample_conditions import (
    kept_to,
    multiple_of,
    non_inferior,
)
from trainer.measures.feature_network import LABEL, Features, cfid, resampled_cfid
from trainer.measures.kernel_distance import KernelDistance, between, kernel_distance, within
from trainer.measures.patch_distance import PatchDistance, PatchReference


def patch_distances(model: EvaluatedModel) -> tuple[Measurement, Measurement]:
    """Measures the patch distances of samples and of reconstructions from real images, along the
    same random directions."""
    config = model.config
    reference = PatchReference(
        model.images, projections=config.projections, seed=config.seed, counts=model.counts
    )
    return (
        _patch_measurement(reference.distance(model.samples, model.sample_counts)),
        _patch_measurement(reference.distance(model.reconstructions, model.counts)),
    )


def _patch_measurement(distance: PatchDistance) -> Measurement:
    return Measurement(distance.value, percentile_interval(distance.draws), distance.draws)


def feature_distance(model: EvaluatedModel, features: Features, counts: np.ndarray) -> Measurement:
    """Measures the cFID of images from the real ones; None for fewer than two images.

    counts: resamples of the images, [resamples, m].
    """
    real = model.features.real
    if min(len(real.values), len(features.values)) < 2:
        return Measurement(None)
    resampled = resampled_cfid(real, features, model.counts, counts)
    return distance_with_draws(cfid(real, features), resampled)


def distance_with_draws(point: float, resampled: np.ndarray) -> Measurement:
    """Returns a distance, its resamples moved so that they average to it, and their interval.

    Distances between sets grow when images are drawn twice. That bias says nothing of how far
    the number would move on other images, and would push the interval off the number.
    """
    known = resampled[np.isfinite(resampled)]
    draws = resampled + (point - known.mean() if len(known) else np.nan)
    return Measurement(point, np.maximum(percentile_interval(draws), 0).tolist(), draws)


class KernelDistances(NamedTuple):
    """The kernel distances of samples and of reconstructions from real images."""

    sampled: KernelDistance
    reconstructed: KernelDistance


def kernel_distances(model: EvaluatedModel) -> KernelDistances | None:
    """Measures both; None for fewer than three images of a kind."""
    real, sampled, reconstructed = (each.values for each in model.features)
    if min(len(real), len(sampled)) < 3:
        return None
    inner = within(real, model.counts)
    return KernelDistances(
        kernel_distance(
            inner,
            within(sampled, model.sample_counts),
            between(real, sampled, model.counts, model.sample_counts),
        ),
        kernel_distance(
            inner,
            within(reconstructed, model.counts),
            between(real, reconstructed, model.counts, model.counts, twins=True),
            twins=True,
        ),
    )


def kernel_measurement(distance: KernelDistance) -> Measurement:
    """Returns a kernel distance with the interval of its draws; unbiased, they need no shift."""
    return Measurement(distance.value, percentile_interval(distance.draws), distance.draws)


@metric(
    "cfid_samples",
    Row("cFID", ".2f", LOW, "Frechet distance by the eye of the extractor below", headline=True),
    group=SAMPLES,
    needs=("extractor",),
)
def cfid_samples(model: EvaluatedModel) -> Measurement:
    return feature_distance(model, model.features.sampled, model.sample_counts)


@metric(
    "kid_samples",
    Row("KID", ".4f", LOW, "kernel distance of features; 0: samples look like real images"),
    group=SAMPLES,
    needs=("extractor",),
    threshold=(
        kept_to(
            "kid_samples",
            "max_kid_ratio",
            LOW,
            "KID of samples",
            ".1f",
            of=multiple_of(
                "kid_reconstructions",
                " times that of reconstructions",
                at_least="kid_samples_standard_error",
            ),
        ),
        non_inferior(
            "kid_samples",
            "max_distance_worse",
            LOW,
            "KID of samples",
            ".4g",
            relative=True,
            floor="kid_reconstructions",
        ),
    ),
)
def kid_samples(model: EvaluatedModel) -> Measurement:
    distances = model.once(kernel_distances)
    return kernel_measurement(distances.sampled) if distances else Measurement(None)


@metric("kid_samples_standard_error", group=SAMPLES, needs=("extractor",))
def kid_samples_standard_error(model: EvaluatedModel) -> Measurement:
    distances = model.once(kernel_distances)
    return Measurement(distances.sampled.standard_error if distances else None)


@metric(
    "sliced_wasserstein",
    Row("patches", ".4f", LOW, "sliced Wasserstein distance of patches, coarse to fine"),
    group=SAMPLES,
    threshold=non_inferior(
        "sliced_wasserstein",
        "max_distance_worse",
        LOW,
        "sliced Wasserstein distance of samples",
        ".4g",
        relative=True,
        unless="kid_samples",
    ),
)
def sliced_wasserstein(model: EvaluatedModel) -> Measurement:
    return model.once(patch_distances)[0]


def _no_class_dropped(value: dict[str, Any], limit: float, judged: Judged) -> Check:
    missing = [
        f"{name} ({share['sampled']:.1%} of samples, {share['real']:.1%} of real images)"
        for name, share in value.items()
        if dropped(share["real"], share["sampled"], judged.config.samples, limit)
    ]
    least = f"at least {limit:.0%} of its share of real images"
    line = {"value": f"{len(value) - len(missing)} of {len(value)}", "limit": f"each {least}"}
    if missing:
        return Check(False, f"dropped classes: {', '.join(missing)}; each needs {least}", **line)
    words = f"none of {len(value)} classes is missing from the samples ({least})"
    return Check(True, words, **line)


@metric(
    "classes",
    group=SAMPLES,
    needs=("extractor",),
    threshold=Threshold(
        limit="min_class_share", check=_no_class_dropped, gate="classes among the samples"
    ),
)
def classes(model: EvaluatedModel) -> Measurement:
    assert model.extractor is not None
    task = model.extractor.facts
    if task["kind"] != LABEL:
        return Measurement(None)
    real, sampled = model.features.real.scores, model.features.sampled.scores
    return Measurement(class_shares(real, sampled, task["names"]))
