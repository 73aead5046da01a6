"""Whether samples are copies of training images."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from components.latent_evaluator.metrics.precision_recall import squared_distances

SIDE = 16  # pixels: images are compared at that size
RATIO = 1 / 3


def thumbnails(images: np.ndarray) -> np.ndarray:
    """Images as vectors: averaged down to at most 16 by 16 pixels, in [0, 1].

    uint8 [n, height, width, channels] -> float32 [n, values].
    """
    height, width = (min(SIDE, side) for side in images.shape[1:3])
    small = [cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) for image in images]
    return np.asarray(small, np.float32).reshape(len(images), -1) / 255


class NearestTwo:
    """The distances of points to the nearest and the second nearest of all that is seen."""

    def __init__(self, points: np.ndarray) -> None:
        """points: float32 [n, values]."""
        self._points = points
        self._best = np.full((len(points), 2), np.inf, np.float32)
        self.seen = 0

    def see(self, others: np.ndarray) -> None:
        """others: float32 [m, values]; batches may come in any order."""
        candidates = [self._best, squared_distances(self._points, others)]
        together = np.concatenate(candidates, axis=1)
        self._best = np.sort(np.partition(together, 1, axis=1)[:, :2], axis=1)
        self.seen += len(others)

    def distances(self) -> np.ndarray:
        """Root mean square difference of a value, float32 [n, 2]; inf for what is not there."""
        return np.sqrt(self._best / self._points.shape[1])


def nearest_two(points: np.ndarray, batches: Iterable[np.ndarray]) -> NearestTwo:
    found = NearestTwo(points)
    for batch in batches:
        found.see(batch)
    return found


def copies(distances: np.ndarray, ratio: float = RATIO) -> np.ndarray:
    """Which points are copies: at less than a third of the distance of the second nearest.

    Yoon et al. 2023 ("Diffusion probabilistic models generalize when they fail to memorize")
    and Gu et al. 2023 (arXiv 2310.02664), eq. 6. A ratio needs no scale and no threshold of
    blur. Where the training images themselves come in pairs, a copy of one is not seen.

    Args:
      distances: [n, 2], nearest and second nearest.

    Returns:
      bool [n].
    """
    return distances[:, 0] < ratio * distances[:, 1]
