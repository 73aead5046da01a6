"""The search for copies of training images among samples."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from components.latent_evaluator.metrics.precision_recall import squared_distances

SIDE = 16  # pixels: images are compared at that size
RATIO = 1 / 3


def thumbnails(images: np.ndarray) -> np.ndarray:
    """Returns images as vectors: averaged down to at most 16 by 16 pixels, in [0, 1].

    uint8 [n, height, width, channels] -> float32 [n, values].
    """
    height, width = (min(SIDE, side) for side in images.shape[1:3])
    small = [cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) for image in images]
    return np.asarray(small, np.float32).reshape(len(images), -1) / 255


@dataclasses.dataclass(frozen=True)
class NearestTwo:
    """The nearest and the second nearest of `count` points.

    distances: root mean square differences of a value, float32 [n, 2]; inf where there is none.
    """

    distances: np.ndarray
    count: int


def nearest_two(points: np.ndarray, batches: Iterable[np.ndarray]) -> NearestTwo:
    """Returns the two nearest neighbours of points, float32 [n, values], in all batches."""
    nearest, count = np.full((len(points), 2), np.inf, np.float32), 0
    for batch in batches:
        together = np.concatenate([nearest, squared_distances(points, batch)], axis=1)
        nearest = np.sort(np.partition(together, 1, axis=1)[:, :2], axis=1)
        count += len(batch)
    return NearestTwo(np.sqrt(nearest / points.shape[1]), count)


def copies(distances: np.ndarray) -> np.ndarray:
    """Returns which points are copies, bool [n]: at less than a third of the second's distance.

    Yoon et al. 2023 ("Diffusion probabilistic models generalize when they fail to memorize")
    and Gu et al. 2023 (arXiv 2310.02664), eq. 6. A ratio needs no scale and no threshold of
    blur. Where the training images themselves come in pairs, a copy of one goes unnoticed.
    """
    return distances[:, 0] < RATIO * distances[:, 1]


class CopySearch(NamedTuple):
    """Distances to the two nearest training images.

    sampled, held_out: [n, 2], of samples of the prior and of held-out images.
    train_images: how many training images were searched.
    """

    sampled: np.ndarray
    held_out: np.ndarray
    train_images: int

    def summary(self) -> dict[str, Any]:
        """Returns the shares of copies and the median distances, for metrics.json."""
        return {
            "memorised": float(copies(self.sampled).mean()),
            "memorised_held_out": float(copies(self.held_out).mean()),
            "median_distance": float(np.median(self.sampled[:, 0])),
            "median_distance_held_out": float(np.median(self.held_out[:, 0])),
            "samples": len(self.sampled),
            "train_images": self.train_images,
        }


def search_copies(
    samples: Sequence[np.ndarray], held_out: np.ndarray, training: Iterable[np.ndarray]
) -> list[CopySearch | None]:
    """Searches training images for copies, in one pass for several sets of samples.

    Args:
      samples: sets of samples, each uint8 [m, height, width, channels].
      held_out: images that the models were not trained on, likewise.
      training: batches of training images, likewise.

    Returns:
      The outcome for each set; None where there are fewer than two training images.
    """
    sets = [thumbnails(images) for images in (held_out, *samples)]
    nearest = nearest_two(np.concatenate(sets), (thumbnails(images) for images in training))
    ends = np.cumsum([len(images) for images in sets])[:-1]
    real, *sampled = np.split(nearest.distances, ends)
    if nearest.count < 2:
        return [None] * len(sampled)
    return [CopySearch(distances, real, nearest.count) for distances in sampled]
