"""What samples of the prior and reconstructions look like beside real images."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from components.latent_evaluator.metrics.bootstrap import (
    mean_interval,
    percentile_interval,
    resample_counts,
)
from components.latent_evaluator.metrics.class_coverage import (
    attribute_fidelity,
    class_shares,
    label_fidelity,
)
from components.latent_evaluator.metrics.memorisation import copies
from components.latent_evaluator.metrics.precision_recall import NEIGHBOURS, precision_and_recall
from trainer.measures.feature_network import LABEL, Features, cfid, resampled_cfid
from trainer.measures.sliced_wasserstein import distance_of_projections, draw_directions

Metrics = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Bootstrap:
    """The same resamples, seed and directions for every model of a run."""

    resamples: int
    seed: int
    projections: int

    def counts(self, size: int, stream: int = 0) -> np.ndarray:
        """Resamples of `size` images; another stream for another set of images."""
        return resample_counts(size, self.resamples, self.seed + stream)


def wasserstein_measures(
    real: np.ndarray, sampled: np.ndarray, reconstructed: np.ndarray, draws: Bootstrap
) -> Metrics:
    """sliced_wasserstein (of samples) and sliced_wasserstein_reconstruction, with intervals.

    All are uint8 [n, height, width, channels]; distances are of pixels in [0, 1].
    """
    directions = draw_directions(int(np.prod(real.shape[1:])), draws.projections, draws.seed)
    true, *others = (_Projected(images, directions) for images in (real, sampled, reconstructed))
    counts = draws.counts(len(real))
    found: Metrics = {}
    for name, other in zip(
        ("sliced_wasserstein", "sliced_wasserstein_reconstruction"), others, strict=True
    ):
        point = distance_of_projections(true.ordered, other.ordered)
        drawn = zip(counts, draws.counts(other.size, 1), strict=True)
        resampled = np.array(
            [distance_of_projections(true.redrawn(a), other.redrawn(b)) for a, b in drawn]
        )
        found |= {name: point, f"{name}_interval": around(point, resampled)}
    return found


class _Projected:
    """Images along each direction: ordered float32 [n, p], sorted in each column."""

    SPREAD = 32  # directions that resamples are taken in

    def __init__(self, images: np.ndarray, directions: np.ndarray) -> None:
        pixels = images.reshape(len(images), -1).astype(np.float32) / 255
        along = pixels @ directions
        self._order = np.argsort(along, axis=0)
        self.ordered = np.take_along_axis(along, self._order, axis=0)
        self.size = len(images)

    def redrawn(self, counts: np.ndarray) -> np.ndarray:
        """The first directions, where image i is there counts[i] times."""
        times = counts.astype(np.int64)[self._order[:, : self.SPREAD]]
        columns = zip(self.ordered.T[: self.SPREAD], times.T, strict=True)
        return np.stack([np.repeat(column, each) for column, each in columns], axis=1)


def feature_measures(
    real: Features, sampled: Features, reconstructed: Features, draws: Bootstrap
) -> Metrics:
    """cfid_samples, cfid_reconstructions, precision and recall, each with its interval.

    Those that need more images than there are, are None.
    """
    found: Metrics = {}
    counts = draws.counts(len(real.values))
    for name, other in (("cfid_samples", sampled), ("cfid_reconstructions", reconstructed)):
        if min(len(real.values), len(other.values)) < 2:
            found |= {name: None}
            continue
        point = cfid(real, other)
        again = resampled_cfid(real, other, counts, draws.counts(len(other.values), 1))
        found |= {name: point, f"{name}_interval": around(point, again)}
    if min(len(real.values), len(sampled.values)) <= NEIGHBOURS:
        return found | {"precision": None, "recall": None}
    for name, covered in zip(
        ("precision", "recall"), precision_and_recall(real.values, sampled.values), strict=True
    ):
        share = covered.astype(np.float64)
        found[name] = float(share.mean())
        found[f"{name}_interval"] = list(mean_interval(share, draws.counts(len(share))))
    return found


def class_measures(
    real: Features,
    sampled: Features,
    kind: str,
    names: Sequence[str],
    told: np.ndarray | None,
    real_targets: np.ndarray | None,
    draws: Bootstrap,
) -> Metrics:
    """classes, and label_fidelity of a conditional model; each None where not defined.

    Args:
      kind, names: what the extractor classifies.
      told: what the samples were made of, [m, names] in the order of `names`; None where the
        model is told nothing, or something else than the extractor knows.
      real_targets: likewise of the real images, [n, names].
    """
    classes = class_shares(real.scores, sampled.scores, names) if kind == LABEL else None
    fidelity: Metrics | None = None
    if told is not None and real_targets is not None:
        if kind == LABEL:
            known, seen = told.any(axis=1), real_targets.any(axis=1)
            each, by_name = label_fidelity(told[known].argmax(axis=1), sampled.scores[known], names)
            real_each, _ = label_fidelity(
                real_targets[seen].argmax(axis=1), real.scores[seen], names
            )
        else:
            each, by_name = attribute_fidelity(told, sampled.scores, names)
            real_each, _ = attribute_fidelity(real_targets, real.scores, names)
        if len(each) and len(real_each):
            share = each.astype(np.float64)
            fidelity = {
                "accuracy": float(share.mean()),
                "accuracy_interval": list(mean_interval(share, draws.counts(len(share)))),
                "accuracy_real": float(np.mean(real_each)),
                "by_name": by_name,
            }
    return {"classes": classes, "label_fidelity": fidelity}


def nearest_measures(sampled: np.ndarray, held_out: np.ndarray, train_images: int) -> Metrics:
    """nearest_train, from the distances to the two nearest training images.

    Args:
      sampled, held_out: [n, 2], of samples and of held-out images.
      train_images: how many were searched.
    """
    if train_images < 2:
        return {"nearest_train": None}
    return {
        "nearest_train": {
            "memorised": float(copies(sampled).mean()),
            "memorised_held_out": float(copies(held_out).mean()),
            "median_distance": float(np.median(sampled[:, 0])),
            "median_distance_held_out": float(np.median(held_out[:, 0])),
            "samples": len(sampled),
            "train_images": train_images,
        }
    }


def around(point: float, resampled: np.ndarray) -> list[float]:
    """The percentile interval, moved so that resamples average to the point.

    Distances between sets grow when images are drawn twice; that bias says nothing of how
    far the number would move on other images, and would push the interval off the number.
    """
    if not np.isfinite(resampled).any():
        return [float("nan")] * 2
    shifted = np.array(percentile_interval(resampled)) + point - np.nanmean(resampled)
    return np.maximum(shifted, 0).tolist()
