"""The training images beside held-out ones: a model that learned them by heart is no model of what
they have in common."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from components.latent_evaluator.metrics.bootstrap import percentile_interval
from components.latent_evaluator.metrics.context import EvaluatedModel
from components.latent_evaluator.metrics.registry import (
    INTERVAL,
    LOW,
    Check,
    Judged,
    Measurement,
    Row,
    Threshold,
    metric,
)

GENERALISATION = "Generalisation"
_OF_TRAINING = 2  # the stream of resamples of training images
_SURELY = "not surely above "  # the lower end of the interval decides


def _few_copies(value: dict[str, Any], limit: float, judged: Judged) -> Check:
    low, high = value["excess_interval"]
    return Check(
        low <= limit,
        f"{value['memorised']:.1%} of {value['samples']:,} samples are copies of training "
        f"images, of held-out images {value['memorised_held_out']:.1%}: {low:.1%} to {high:.1%} "
        f"more (surely more than {limit:.1%} is too many)",
        value=f"{value['memorised']:.1%}",
        limit=f"{_SURELY}{limit:.1%} beyond held-out images",
    )


@metric(
    "nearest_train",
    Row("memorised", ".1%", LOW, "samples that repeat a training image", part="memorised"),
    Row(
        "repeated",
        ".1%",
        LOW,
        "held-out images that the training images hold, too, bit by bit",
        part="repeated_held_out",
    ),
    group=GENERALISATION,
    needs=("neighbours",),
    threshold=Threshold(limit="max_memorised", check=_few_copies, gate="copies of training images"),
)
def nearest_train(model: EvaluatedModel) -> Measurement:
    assert model.neighbours is not None
    found = dataclasses.asdict(model.neighbours)
    del found["nearer"]  # a metric of its own
    return Measurement(found)


def _no_nearer(value: float, limit: float, judged: Judged) -> Check:
    low, high = judged.metrics["nearer_training" + INTERVAL]
    return Check(
        low <= limit,
        f"{value:.1%} ({low:.1%} to {high:.1%}) of samples are nearer to a training image than to "
        f"one of as many held-out images; by chance 50% (surely more than {limit:.1%} is too many)",
    )


@metric(
    "nearer_training",
    Row(
        "nearer to training",
        ".1%",
        LOW,
        "samples nearer to a training image than to one of as many held-out images; by chance 50%",
    ),
    group=GENERALISATION,
    needs=("neighbours",),
    threshold=Threshold(
        limit="max_nearer_training",
        check=_no_nearer,
        gate="samples nearer to training images",
        bound=_SURELY,
    ),
)
def nearer_training(model: EvaluatedModel) -> Measurement:
    assert model.neighbours is not None
    return Measurement(*model.neighbours.nearer)


def train_gap_of(
    training: np.ndarray,
    held_out: np.ndarray,
    resamples: tuple[np.ndarray, np.ndarray],
    mean_image: float,
) -> tuple[Measurement, Measurement]:
    """Measures how much more held-out images cost than training images.

    The share does not depend on the unit of pixels nor on the constant of a likelihood. It is 0
    where a model does as well on new images, and 1 where they gain nothing over the mean image.

    Args:
      training, held_out: the cost of each image in nats, float [n] and [m].
      resamples: of both, how often each image is drawn, float [resamples, n] and [resamples, m].
      mean_image: the cost of a held-out image with the mean image in place of the model's.

    Returns:
      The gap in nats; and as a share of what a training image gains over the mean image, None
      where it is not sure that it gains anything.
    """

    def measured(train: Any, test: Any) -> tuple[Any, Any]:
        return test - train, (test - train) / (mean_image - train)

    means = [
        counts.astype(np.float64) @ values / len(values)
        for counts, values in zip(resamples, (training, held_out), strict=True)
    ]
    draws = measured(*means)
    nats, share = (
        Measurement(float(value), percentile_interval(drawn), drawn)
        for value, drawn in zip(measured(training.mean(), held_out.mean()), draws, strict=True)
    )
    gains = percentile_interval(mean_image - means[0])
    return nats, share if not gains[0] <= 0 else Measurement(None)


def train_gaps(model: EvaluatedModel) -> tuple[Measurement, Measurement]:
    """Measures the gap of a model on its training images, in nats and as a share."""
    assert model.train_nats is not None
    resamples = model.resamples(len(model.train_nats), _OF_TRAINING), model.counts
    mean_image = model.scores["mean_image"]["reconstruction_loss"]
    return train_gap_of(model.train_nats, model.nats, resamples, mean_image)


def _not_by_heart(value: float, limit: float, judged: Judged) -> Check:
    low, high = judged.metrics["train_gap" + INTERVAL]
    nats = judged.metrics["train_gap_nats"]
    return Check(
        low <= limit,
        f"a held-out image costs {abs(nats):.1f} nats {'more' if nats > 0 else 'less'} than a "
        f"training image, {value:.1%} ({low:.1%} to {high:.1%}) of what that gains over the mean "
        f"image (surely more than {limit:.1%} is learned by heart)",
    )


@metric(
    "train_gap",
    Row(
        "train gap",
        ".1%",
        LOW,
        "what training images gain over the mean image and held-out images do not",
    ),
    group=GENERALISATION,
    needs=("train_nats",),
    threshold=Threshold(
        limit="max_train_gap", check=_not_by_heart, gate="learned by heart", bound=_SURELY
    ),
)
def train_gap(model: EvaluatedModel) -> Measurement:
    return model.once(train_gaps)[1]


@metric(
    "train_gap_nats",
    Row("train gap", ",.1f", LOW, "what a held-out image costs more", unit="nats"),
    group=GENERALISATION,
    needs=("train_nats",),
)
def train_gap_nats(model: EvaluatedModel) -> Measurement:
    return model.once(train_gaps)[0]
