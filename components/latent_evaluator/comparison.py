"""What takes all models of a run together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.measurement import Measured, batches_of, nats
from components.latent_evaluator.metrics.intervals import mean_interval
from components.latent_evaluator.metrics.memorisation import nearest_two, thumbnails
from components.latent_evaluator.records import Records
from components.latent_evaluator.sample_measures import Draws, nearest_measures


def search_copies(
    measured: Mapping[str, Measured], training: Iterable[Records], config: EvaluationConfig
) -> None:
    """Adds `nearest_train` to the metrics of each; goes through the training images once."""
    held_out = next(iter(measured.values())).kept["image"][: config.samples]
    sets = [held_out, *(each.samples for each in measured.values())]
    batches = (thumbnails(images) for images in batches_of(training, held_out.shape[1:]))
    nearest = nearest_two(np.concatenate([thumbnails(images) for images in sets]), batches)
    ends = np.cumsum([len(images) for images in sets])[:-1]
    real, *drawn = np.split(nearest.distances(), ends)
    for each, distances in zip(measured.values(), drawn, strict=True):
        each.metrics.update(nearest_measures(distances, real, nearest.seen))


def interval_of_difference(
    measured: Mapping[str, Measured], draws: Draws
) -> tuple[float, float] | None:
    """How many nats more an image costs the candidate than the baseline, on the same images
    with the same noise, drawn in pairs; None without a baseline."""
    if "baseline" not in measured:
        return None
    more = nats(measured["candidate"].kept) - nats(measured["baseline"].kept)
    return mean_interval(more, draws.counts(len(more)))
