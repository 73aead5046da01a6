"""Precision, recall, density and coverage: samples and real images as neighbours, in features."""

from __future__ import annotations

from components.latent_evaluator.metrics.bootstrap import ratio_interval, share_interval
from components.latent_evaluator.metrics.context import EvaluatedModel
from components.latent_evaluator.metrics.registry import HIGH, SAMPLES, Measurement, Row, metric
from components.latent_evaluator.metrics.sample_conditions import kept_to, non_inferior
from trainer.measures.neighbours import (
    LEAST,
    Halved,
    Neighbourhood,
    compare_neighbours,
    draw_halves,
)


def neighbourhood(model: EvaluatedModel) -> Neighbourhood | None:
    """Compares samples and real images; None for too few. All models share the halves."""
    config, real, sampled = model.config, model.features.real.values, model.features.sampled.values
    if min(len(real), len(sampled)) < LEAST:
        return None
    halves = draw_halves(len(real), config.resamples, config.seed)
    sampled_halves = draw_halves(len(sampled), config.resamples, config.seed + 1)
    return compare_neighbours(real, sampled, halves, sampled_halves)


def _share(found: Halved, size: int) -> Measurement:
    return Measurement(found.value, share_interval(found.value, found.draws, size), found.draws)


@metric(
    "precision",
    Row("precision", ".3f", HIGH, "samples that look real"),
    group=SAMPLES,
    needs=("extractor",),
)
def precision(model: EvaluatedModel) -> Measurement:
    found = model.once(neighbourhood)
    return _share(found.precision, len(model.samples)) if found else Measurement(None)


@metric(
    "recall",
    Row("recall", ".3f", HIGH, "real images the samples come near to", headline=True),
    group=SAMPLES,
    needs=("extractor",),
)
def recall(model: EvaluatedModel) -> Measurement:
    found = model.once(neighbourhood)
    return _share(found.recall, len(model.images)) if found else Measurement(None)


@metric(
    "density",
    Row("density", ".3f", HIGH, "real images' neighbourhoods around a sample; of real images 1"),
    group=SAMPLES,
    needs=("extractor",),
    threshold=(
        kept_to("density", "min_density", HIGH, "density of samples", ".3f"),
        non_inferior(
            "density", "max_density_lost", HIGH, "density of samples", ".3f", relative=True
        ),
    ),
)
def density(model: EvaluatedModel) -> Measurement:
    found = model.once(neighbourhood)
    if found is None:
        return Measurement(None)
    value, draws = found.density
    return Measurement(value, ratio_interval(value, draws), draws)


@metric(
    "coverage",
    Row("coverage", ".3f", HIGH, "real images with a sample among their nearest neighbours"),
    group=SAMPLES,
    needs=("extractor",),
    threshold=(
        kept_to("coverage", "min_coverage", HIGH, "coverage of real images by samples", ".3f"),
        non_inferior(
            "coverage", "max_coverage_lost", HIGH, "coverage of real images by samples", ".3f"
        ),
    ),
)
def coverage(model: EvaluatedModel) -> Measurement:
    found = model.once(neighbourhood)
    return _share(found.coverage, len(model.images)) if found else Measurement(None)
