"""Samples among training and held-out images: copies, and the share nearer to training images.

A model that generalises is as far from the images that it was trained on as from others of the
same kind. Its samples are therefore compared with both: with training images, and with images
held out of the training. Where one kind is more common than the other, each counts by its share,
as though there were equally many.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.stats import norm

from components.latent_evaluator.metrics.bootstrap import TAILS, Interval, percentile_interval
from trainer.measures.neighbours import squared_distances

SIDE = 16  # pixels: images are compared at that size
BLUR = 1.0  # pixels of a thumbnail: the Gaussian's sigma
RATIO = 1 / 2
CHANCE = 1 / 2
_TIE = 1e-5  # squared distances of vectors of length 1 that differ by less are equal: rounding
_EXCHANGES = 2000
_LEAST_NORM = 1e-3  # of what is brought to length 1: one grey level of 255 has more, rounding less
_BLOCK = 1024  # images that distances are taken to at once


def thumbnails(images: np.ndarray) -> np.ndarray:
    """Returns images averaged down to at most 16 by 16 pixels, in [0, 1].

    uint8 [n, height, width, channels] -> float32 [n, height, width, channels].
    """
    height, width = (min(SIDE, side) for side in images.shape[1:3])
    small = [cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) for image in images]
    return np.asarray(small, np.float32).reshape(-1, height, width, images.shape[3]) / 255


def centred(images: np.ndarray) -> np.ndarray:
    """Returns images moved so that what differs from the background has its centre in the middle.

    The background is the median along the edge, in each channel. Edges are repeated outwards.

    uint8 [n, height, width, channels] -> the same.
    """
    height, width, channels = images.shape[1:]
    sides = [images[:, [0, -1]].reshape(len(images), -1, channels)]
    sides.append(images[:, :, [0, -1]].reshape(len(images), -1, channels))
    background = np.median(np.concatenate(sides, axis=1), axis=1).astype(np.float32)
    away = images - background[:, None, None]
    weights = np.einsum("nhwc,nhwc->nhw", away, away)  # squares: noise moves nothing
    total = np.maximum(weights.sum(axis=(1, 2)), 1e-6)  # nothing moves where all is background
    offsets = [(np.arange(size) - (size - 1) / 2).astype(np.float32) for size in (width, height)]
    moves = np.stack([weights.sum(axis=1 + i) @ offsets[i] / total for i in (0, 1)], axis=1)
    moved = np.empty_like(images)
    for image, (right, down), target in zip(images, moves, moved, strict=True):
        matrix = np.array([[1, 0, -right], [0, 1, -down]], np.float32)
        found = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        target[...] = found.reshape(target.shape)
    return moved


def shapes(images: np.ndarray) -> np.ndarray:
    """Returns what is left of images without place, detail, brightness and contrast.

    Thumbnails of centred images are blurred by a pixel and halved; then the mean of each is 0 and
    its length 1 (0 where the image is of one colour). A copy that was shifted, blurred, brightened
    or thickened stays near.

    uint8 [n, height, width, channels] -> float32 [n, values].
    """
    small = thumbnails(centred(images))
    rows, columns = (_blurred_halves(side) for side in small.shape[1:3])
    coarse = np.einsum("ih,nhwc,jw->nijc", rows, small, columns, optimize=True)
    flat = coarse.reshape(len(small), -1)
    return _of_length_1(flat - flat.mean(axis=1, keepdims=True))


def directions(small: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Returns in which direction thumbnails differ from one image, as vectors of length 1.

    From the mean of all samples, samples that are paler than real images stay near to those that
    they show, and no image near the mean is everybody's neighbour (Suzuki et al. 2013, "Centering
    similarity measures to reduce hubs").

    float32 [n, height, width, channels] and [height, width, channels] -> float32 [n, values].
    """
    return _of_length_1((small - centre).reshape(len(small), -1))


def _of_length_1(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _LEAST_NORM)


def _blurred_halves(side: int) -> np.ndarray:
    """Returns the weights that blur `side` pixels and average them to half as many:
    float32 [max(1, side // 2), side]."""
    edges = np.linspace(0, side, max(1, side // 2) + 1)
    pixels = np.arange(side)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    means = overlap.clip(0) / np.diff(edges)[:, None]
    return gaussian_filter1d(means, BLUR, axis=1, mode="reflect").astype(np.float32)


@dataclasses.dataclass(frozen=True)
class Nearest:
    """The nearest of `images` images for each of n points.

    squared: the square of its distance, float32 [n]; inf where there is no image.
    place: its place among the images, int64 [n].
    """

    squared: np.ndarray
    place: np.ndarray
    images: int


class NearestSearch:
    """A search for the nearest neighbours of points, float32 [n, values], batch by batch."""

    def __init__(self, points: np.ndarray, themselves: int = 0) -> None:
        """
        Args:
          themselves: as many of the points, the first ones, are the first images that will be
            added. A point is not its own neighbour.
        """
        self._points, self._themselves = points, themselves
        self._squared = np.full(len(points), np.inf, np.float32)
        self._place = np.zeros(len(points), np.int64)
        self._count = 0

    def add(self, images: np.ndarray) -> NearestSearch:
        """Looks among more images, float32 [m, values]."""
        for start in range(0, len(images), _BLOCK):
            block = images[start : start + _BLOCK]
            squared = squared_distances(self._points, block)
            own = np.arange(self._count, min(self._count + len(block), self._themselves))
            squared[own, own - self._count] = np.inf
            nearest = squared.argmin(axis=1)
            least = squared[np.arange(len(squared)), nearest]
            closer = least < self._squared
            self._squared = np.where(closer, least, self._squared)
            self._place = np.where(closer, nearest + self._count, self._place)
            self._count += len(block)
        return self

    def result(self) -> Nearest:
        return Nearest(self._squared, self._place, self._count)


def copies(training: Nearest, held_out: Nearest) -> np.ndarray:
    """Returns which points are copies, bool [n]: at less than half the distance from a training
    image than from any held-out one.

    A ratio needs no scale (Yoon et al. 2023, "Diffusion probabilistic models generalize when they
    fail to memorize", compare the nearest training image with the second nearest; that is blind
    to whatever the training images hold twice).
    """
    return training.squared < RATIO**2 * held_out.squared


def excess_interval(share: float, size: int, other: float, other_size: int) -> Interval:
    """Returns the 95 % interval of share - other, shares of `size` and of `other_size` points.

    Newcombe 1998 ("Interval estimation for the difference between independent proportions"),
    method 10, of two score intervals: it holds for few points, and for shares of 0 and 1.
    """
    (low, high), (other_low, other_high) = (
        _score_interval(*each) for each in ((share, size), (other, other_size))
    )
    difference = share - other
    return (
        difference - float(np.hypot(share - low, other_high - other)),
        difference + float(np.hypot(high - share, other - other_low)),
    )


def _score_interval(share: float, size: int) -> Interval:
    """Returns the 95 % interval of a share of `size` points (Wilson 1927)."""
    z = float(norm.ppf(TAILS[1] / 100))
    middle, shrink = share + z**2 / (2 * size), 1 + z**2 / size
    half = z * float(np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2)))
    return ((middle - half) / shrink, (middle + half) / shrink)


def nearer_training(training: Nearest, held_out: Nearest, seed: int) -> tuple[float, Interval]:
    """Returns the share of points nearer to a training image than to a held-out one, and its
    interval.

    The nearest-neighbour comparison of Meehan, Chaudhuri & Dasgupta 2020 (arXiv 2004.05675) and of
    Yale et al. 2020 (adversarial accuracy). With A points nearest to one of T training images and
    B to one of H held-out ones the share is (A / T) / (A / T + B / H): A / (A + B) for sets of
    equal size, and 1/2 by chance whatever the sizes. Ties count half.

    The interval reaches as far from the share as chance does from 1/2: to the 2.5 % and 97.5 %
    quantiles under exchanged labels. Had the model learned nothing of its training images in
    particular, which images were trained on would be exchangeable, given the samples; so its lower
    end exceeds 1/2 in 2.5 % of such cases, however few images there are, however unevenly samples
    gather around them.
    """
    tied = np.abs(training.squared - held_out.squared) <= _TIE
    won = np.where(tied, 0.5, training.squared < held_out.squared)
    per_image = np.concatenate(
        [
            np.bincount(training.place, won, training.images),
            np.bincount(held_out.place, 1 - won, held_out.images),
        ]
    )
    sizes, images = np.unique(per_image, return_counts=True)
    drawn = np.random.default_rng(seed).multivariate_hypergeometric(
        images, training.images, _EXCHANGES, method="marginals"
    )
    share = _equalised(float(won.sum()), len(won), training.images, held_out.images)
    low, high = percentile_interval(
        _equalised(drawn @ sizes, len(won), training.images, held_out.images)
    )
    return float(share), (max(0.0, share - high + CHANCE), min(1.0, share + CHANCE - low))


def _equalised(won: Any, points: int, training: int, held_out: int) -> Any:
    """Returns the share of points that training images win, as though the sets were equally large.

    won: the number of points, float or [...], of all the `points`.
    """
    by_training, by_held_out = won / training, (points - won) / held_out
    return by_training / (by_training + by_held_out)


@dataclasses.dataclass(frozen=True)
class TrainingNeighbours:
    """The outcome of a search for one set of samples.

    memorised, memorised_held_out: shares of the samples, and of held-out images, that are copies
      of training images. excess_interval: of the difference.
    nearer: the share nearer to training images and its interval; see `nearer_training`.
    median_distance, median_distance_held_out: to the nearest training image, of `directions`: 0
      to 2, and 1.4 where the two have nothing in common.
    repeated_held_out: share of held-out images that the training images hold, too, bit by bit.
    samples, train_images, held_out_images: how many were compared.
    """

    memorised: float
    memorised_held_out: float
    excess_interval: Interval
    nearer: tuple[float, Interval]
    median_distance: float
    median_distance_held_out: float
    repeated_held_out: float
    samples: int
    train_images: int
    held_out_images: int


class TrainingSearch:
    """A search for the neighbours of several sets of samples, in one pass over training images."""

    def __init__(self, samples: Sequence[np.ndarray], held_out: np.ndarray) -> None:
        """
        Args:
          samples: sets of samples, each uint8 [m, height, width, channels].
          held_out: images that the models were not trained on, likewise. The first of them, as
            many as there are samples in a set, are looked at as though they were samples.
        """
        self._centre = np.mean(np.concatenate([thumbnails(images) for images in samples]), axis=0)
        self._held_out, *made = (self._views(images) for images in (held_out, *samples))
        self._themselves = min(max(map(len, samples)), len(held_out))
        self._points = [
            np.concatenate([real[: self._themselves], *others])
            for real, *others in zip(self._held_out, *made, strict=True)
        ]
        self._ends = np.cumsum([self._themselves, *map(len, samples)])[:-1]
        self._searches = [NearestSearch(points) for points in self._points]
        self._digests = _digests(held_out)
        self._known, self._found = frozenset(self._digests), set[bytes]()

    def add(self, images: np.ndarray) -> None:
        """Looks among more training images, uint8 [n, height, width, channels]."""
        self._found |= self._known.intersection(_digests(images))
        for search, view in zip(self._searches, self._views(images), strict=True):
            search.add(view)

    def results(self, seed: int) -> list[TrainingNeighbours | None]:
        """Returns the outcome for each set of samples; None where there are no training images or
        fewer than two held-out ones.

        Neighbours are at most as many held-out images as there are training images.
        """
        training = [search.result() for search in self._searches]
        neighbours = [view[: training[0].images] for view in self._held_out]
        if len(neighbours[0]) < 2:
            return [None] * len(self._ends)
        held_out = [
            NearestSearch(points, self._themselves).add(view).result()
            for points, view in zip(self._points, neighbours, strict=True)
        ]
        repeated = sum(digest in self._found for digest in self._digests) / len(self._digests)
        (real_directions, *made_directions), (real_shapes, *made_shapes) = (
            list(zip(self._split(near), self._split(far), strict=True))
            for near, far in zip(training, held_out, strict=True)
        )
        copied = [copies(*by_shape) for by_shape in (real_shapes, *made_shapes)]
        shares = [(float(found.mean()), len(found)) for found in copied]
        return [
            TrainingNeighbours(
                memorised=share,
                memorised_held_out=shares[0][0],
                excess_interval=excess_interval(share, count, *shares[0]),
                nearer=nearer_training(*by_direction, seed),
                median_distance=_median_distance(by_direction[0]),
                median_distance_held_out=_median_distance(real_directions[0]),
                repeated_held_out=repeated,
                samples=count,
                train_images=training[0].images,
                held_out_images=len(neighbours[0]),
            )
            for by_direction, (share, count) in zip(made_directions, shares[1:], strict=True)
        ]

    def _views(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns images as the vectors that are compared: their directions and their shapes."""
        return directions(thumbnails(images), self._centre), shapes(images)

    def _split(self, nearest: Nearest) -> list[Nearest]:
        """Returns the part of each set of points, held-out images first."""
        columns = (np.split(each, self._ends) for each in (nearest.squared, nearest.place))
        parts = zip(*columns, strict=True)
        return [Nearest(squared, place, nearest.images) for squared, place in parts]


def _digests(images: np.ndarray) -> list[bytes]:
    return [hashlib.blake2b(image.tobytes(), digest_size=16).digest() for image in images]


def _median_distance(nearest: Nearest) -> float:
    return float(np.sqrt(np.median(nearest.squared)))
