"""The distance of two sets of images by their patches at several scales, without any network.

Karras et al. 2018, "Progressive growing of GANs" (arXiv 1710.10196), section 5: patches of the
levels of Laplacian pyramids, normalised, compared by the sliced Wasserstein distance. Directions
through whole images see their mean and covariance and little else; those through patches see
edges, blur and noise.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from trainer.measures.sliced_wasserstein import distance_of_projections, draw_directions

PATCH = 7  # pixels a side
LEAST_SIDE = 2 * PATCH  # of the coarsest level
PATCHES = 128  # an image and level at most, as in the paper
_ALL_PATCHES = 16_384  # a set and level at most: they are sorted along every direction
_LEAST_DEVIATION = 1 / 510  # half a grey level: what a flat channel is normalised by


class PatchDistance(NamedTuple):
    """The distance of two sets of images.

    value: root of the mean over levels and directions of the squared 2-Wasserstein distance, in
      standard deviations of the real patches; at least 0.
    draws: the distance under each resample of the images, float64 [resamples], to first order.
    """

    value: float
    draws: np.ndarray


class PatchReference:
    """Real images, ready to be compared with several sets of images along the same directions."""

    def __init__(
        self, real: np.ndarray, *, projections: int, seed: int, counts: np.ndarray | None = None
    ) -> None:
        """Args:
        real: uint8 [n, height, width, channels], n >= 1.
        projections: directions a level.
        seed: of the directions and of where patches are taken.
        counts: how often each resample holds each image, [resamples, n]; None: no draws.
        """
        self._seed = seed
        self._counts = np.empty((0, len(real))) if counts is None else counts
        self._levels = []
        for patches in take_patches(real, seed):
            channels = patches.reshape(-1, patches.shape[-1])
            scale = np.maximum(channels.std(axis=0, dtype=np.float64), _LEAST_DEVIATION)
            level = _Level(
                mean=channels.mean(axis=0, dtype=np.float64).astype(np.float32),
                scale=scale.astype(np.float32),
                directions=draw_directions(patches[0, 0].size, projections, seed),
            )
            self._levels.append((level, level.project(patches)))

    def distance(self, images: np.ndarray, counts: np.ndarray | None = None) -> PatchDistance:
        """Measures the distance of images, uint8 [m, height, width, channels], m >= 1.

        counts: their resamples, [resamples, m], where the real images have some.
        """
        if counts is None:
            counts = np.ones((len(self._counts), len(images)))
        squared, moved, moved_images = [], [], []
        for (level, real), patches in zip(
            self._levels, take_patches(images, self._seed), strict=True
        ):
            other = level.project(patches)
            squared.append(distance_of_projections(real.values.T, other.values.T) ** 2)
            moved.append(_influence(real, _quantiles(other, real)))
            moved_images.append(_influence(other, _quantiles(real, other)))
        square = float(np.mean(squared))
        draws = square + _weighted(self._counts, moved) + _weighted(counts, moved_images)
        return PatchDistance(float(np.sqrt(square)), np.sqrt(np.maximum(draws, 0)))


def patch_distance(real: np.ndarray, images: np.ndarray, *, projections: int, seed: int) -> float:
    """Returns the distance of two sets of images, uint8 [n, height, width, channels] and [m, ...];
    see `PatchDistance`."""
    return PatchReference(real, projections=projections, seed=seed).distance(images).value


def laplacian_pyramid(image: np.ndarray) -> list[np.ndarray]:
    """Returns the levels of an image, float32 [height, width, channels], the finest first.

    Each level is what its Gaussian-blurred half-size image misses of it; the last is the smallest
    such image (Burt & Adelson 1983). Halving ends above `LEAST_SIDE` pixels.
    """
    levels = []
    while min(image.shape[:2]) // 2 >= LEAST_SIDE:
        half = cv2.pyrDown(image)
        again = cv2.pyrUp(half, dstsize=(image.shape[1], image.shape[0]))
        levels.append(image - again.reshape(image.shape))
        image = half.reshape(*half.shape[:2], image.shape[2])
    return [*levels, image]


def take_patches(images: np.ndarray, seed: int) -> list[np.ndarray]:
    """Takes patches at random places of each level of the pyramid of each image.

    The i-th images of two sets of equal size are looked at in the same places.

    Args:
      images: uint8 [n, height, width, channels]; sides below 7 give smaller patches.

    Returns:
      For each level float32 [n, patches, side * side, channels], pixels in [0, 1].
    """
    count = int(np.clip(_ALL_PATCHES // len(images), 1, PATCHES))
    rng = np.random.default_rng(seed)
    pyramids = [laplacian_pyramid(image.astype(np.float32) / 255) for image in images]
    taken = []
    for level in zip(*pyramids, strict=True):
        stack = np.stack(level)
        n, height, width, channels = stack.shape
        side = min(PATCH, height, width)
        tops, lefts = (rng.integers(0, size - side + 1, (n, count)) for size in (height, width))
        windows = np.lib.stride_tricks.sliding_window_view(stack, (side, side), axis=(1, 2))
        patches = windows[np.arange(n)[:, None], tops, lefts]  # [n, count, channels, side, side]
        taken.append(patches.reshape(n, count, channels, -1).swapaxes(2, 3))
    return taken


class _Level(NamedTuple):
    """The normalisation of a level's patches, by channel, and the directions through them."""

    mean: np.ndarray  # float32 [channels]
    scale: np.ndarray  # float32 [channels]
    directions: np.ndarray  # float32 [side * side * channels, projections]

    def project(self, patches: np.ndarray) -> _Projected:
        normal = (patches - self.mean) / self.scale
        along = normal.reshape(-1, self.directions.shape[0]) @ self.directions
        along = np.ascontiguousarray(along.T)
        order = along.argsort(axis=1)
        return _Projected(
            values=np.take_along_axis(along, order, axis=1),
            images=order // patches.shape[1],
            size=len(patches),
        )


class _Projected(NamedTuple):
    """Patches along directions, each row sorted."""

    values: np.ndarray  # float32 [projections, patches]
    images: np.ndarray  # int [projections, patches]: which image each is of
    size: int  # of the set of images


def _quantiles(of: _Projected, like: _Projected) -> np.ndarray:
    """Returns the quantiles of one set at the ranks of another's values, [projections, patches]."""
    wanted, have = like.values.shape[1], of.values.shape[1]
    return of.values[:, (2 * np.arange(wanted) + 1) * have // (2 * wanted)]


def _influence(points: _Projected, matched: np.ndarray) -> np.ndarray:
    """Returns how the squared distance moves with the weight of each image, [n], mean 0.

    The derivative by the weight of a point is the Kantorovich potential there, the integral of
    2 (x - T(x)) for the optimal map T (del Barrio & Loubes 2019, "Central limit theorems for
    empirical transportation cost in general dimension").
    """
    gaps = 2 * (points.values.astype(np.float64) - matched)
    steps = np.diff(points.values, axis=1) * (gaps[:, 1:] + gaps[:, :-1]) / 2
    potential = np.zeros(gaps.shape)
    np.cumsum(steps, axis=1, out=potential[:, 1:])
    sums = np.bincount(points.images.ravel(), potential.ravel(), minlength=points.size)
    return (sums - sums.mean()) * points.size / potential.size


def _weighted(counts: np.ndarray, influences: list[np.ndarray]) -> np.ndarray:
    """Returns what resamples, [r, n], add to the mean over levels of the squared distance, [r]."""
    return counts.astype(np.float64) @ np.mean(influences, axis=0) / counts.shape[1]
