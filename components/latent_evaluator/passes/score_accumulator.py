"""Sums over a split that merge in any order, and the scores that follow from them.

Batches arrive with the model's outputs in them: only numpy is at work here.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from trainer.data.records import Records, to_pixels
from trainer.export.loaded import ScoredBatch
from trainer.figures.latent_walks import kl_by_dimension
from trainer.measures.ssim import ssim
from trainer.models.losses import bits_per_dim
from trainer.models.metrics import ACTIVE_VARIANCE

_SCALARS = ("reconstruction_loss", "kl_loss", "squared_error", "cross_entropy", "entropy", "ssim")
_EPSILON = 1e-7
_LEAST_VARIANCE = 1e-12  # of pixels in [0, 1]
RANK, KEY = "rank", "key"
GalleryImage = tuple[bytes, np.ndarray, np.ndarray]  # key's hash, image, reconstruction


@dataclasses.dataclass
class ScoreAccumulator:
    """Sums over images, a few of the images by label, and columns of up to `max_images` of them.

    sums: by label, float64 [1 + scalars]: the number of images, then each of _SCALARS.
    moments: of z and pixels, sums of the values and of their squares, [2, d]; of kl, sums, [d].
    gallery: by label, at most `images_per_label` images.
    sample: columns of the images with the smallest hashes; see `columns_of`.
    """

    images_per_label: int
    max_images: int = 0
    sums: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    moments: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    gallery: dict[str, list[GalleryImage]] = dataclasses.field(default_factory=dict)
    sample: BottomKSample = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.sample = BottomKSample(self.max_images)

    def add(self, batch: ScoredBatch) -> None:
        """Adds a batch of images, each of which comes once."""
        records = batch.records
        pixels = records.images.astype(np.float64) / 255
        reconstructions = batch.reconstructions.astype(np.float64)
        scalars = np.stack(
            [
                np.ones(len(pixels)),
                batch.reconstruction_loss,
                np.zeros(len(pixels)) if batch.kl_loss is None else batch.kl_loss,
                _per_image((pixels - reconstructions) ** 2),
                _per_image(cross_entropy(pixels, reconstructions)),
                _per_image(cross_entropy(pixels, pixels)),
                ssim(pixels, reconstructions),
            ],
            axis=1,
        )
        z_mean = batch.z_mean.astype(np.float64)
        labels = np.asarray(records.labels, dtype=object)
        for label in sorted(set(records.labels)):
            self._add_sums(label, scalars[labels == label].sum(axis=0))
        for name, values in (("z", z_mean), ("pixel", pixels)):
            self._add_moments(name, np.stack([values.sum(axis=0), (values**2).sum(axis=0)]))
        if batch.z_log_var is not None:
            kl = kl_by_dimension(batch.z_mean, batch.z_log_var)
            self._add_moments("kl", kl * len(pixels))
        decoded = to_pixels(reconstructions)
        for index, (key, label) in enumerate(zip(records.keys, records.labels, strict=True)):
            self._add_to_gallery(label, [(rank(key), records.images[index], decoded[index])])
        if self.max_images:
            self.sample.add(records.keys, columns_of(batch, decoded, scalars))

    def merge(self, other: ScoreAccumulator) -> None:
        """Adds what another accumulator holds, of other images."""
        for label, sums in other.sums.items():
            self._add_sums(label, sums)
        for name, moments in other.moments.items():
            self._add_moments(name, moments)
        for label, images in other.gallery.items():
            self._add_to_gallery(label, images)
        self.sample.merge(other.sample)

    def _add_sums(self, label: str, sums: np.ndarray) -> None:
        self.sums[label] = self.sums.get(label, 0) + sums

    def _add_moments(self, name: str, moments: np.ndarray) -> None:
        self.moments[name] = self.moments.get(name, 0) + moments

    def _add_to_gallery(self, label: str, images: Sequence[GalleryImage]) -> None:
        """Holds the images whose key's hash is smallest: the same ones in any order."""
        merged = sorted([*self.gallery.get(label, []), *images], key=lambda image: image[0])
        self.gallery[label] = merged[: self.images_per_label]


def columns_of(
    batch: ScoredBatch, decoded: np.ndarray, scalars: np.ndarray
) -> dict[str, np.ndarray]:
    """Returns the columns that are held of single images.

    label str; attributes int8 [n, names], where there are some; z_mean and, with a posterior,
    z_log_var float32 [n, d]; image and reconstruction uint8 [n, h, w, c]; and each of the summed
    scalars, float64 [n].

    Args:
      decoded: reconstructions of the batch, uint8.
      scalars: [n, 1 + scalars], a one and the summed scalars of each image.
    """
    columns = {
        **record_columns(batch.records),
        "z_mean": batch.z_mean.astype(np.float32),
        "reconstruction": decoded,
        **dict(zip(_SCALARS, scalars.T[1:], strict=True)),
    }
    if batch.z_log_var is not None:
        columns["z_log_var"] = batch.z_log_var.astype(np.float32)
    return columns


def record_columns(records: Records) -> dict[str, np.ndarray]:
    """Returns the columns of images alone: label, image and, where there are some, attributes."""
    columns = {"label": np.asarray(records.labels, dtype=object), "image": records.images}
    if records.attributes.shape[1]:
        columns["attributes"] = records.attributes.astype(np.int8)
    return columns


def split_scores(
    accumulator: ScoreAccumulator, *, likelihood: str, sigma: float | None, posterior: bool = True
) -> dict[str, Any]:
    """Returns the scores of a split of at least one image.

    Args:
      likelihood: `bernoulli`, or a Gaussian one (`gaussian`, `gaussian_learned`).
      sigma: the standard deviation of a Gaussian one, the learned one of `gaussian_learned`.
      posterior: whether the model has one. Without it there is no KL, hence no ELBO: kl_loss,
        elbo and bits_per_dim are None.

    Returns:
      count; reconstruction_loss, kl_loss, elbo (its sum's negative: higher is better), in nats
      per image; bits_per_dim; mse over pixels in [0, 1]; psnr in dB; ssim; unexplained (see
      below); kl_per_dimension in nats, a list (None without a posterior); active_units of
      latent_dim; `mean_image`: scores of the split's own mean image; `labels`: scores of the
      images with each label, see `scores_of`.

      `unexplained` is the share of the mean image's error that the reconstructions leave: of
      its Bernoulli deviance (the cross-entropy above that of a perfect reconstruction), or of
      its squared error. It is 0 for perfect reconstructions whatever the likelihood's constant.
    """
    total = np.sum(list(accumulator.sums.values()), axis=0)
    count = total[0]
    pixel_mean, pixel_square = accumulator.moments["pixel"] / count
    z_mean, z_square = accumulator.moments["z"] / count
    size = pixel_mean.size
    mean_error = float((pixel_square - pixel_mean**2).clip(0).sum())
    if likelihood == "bernoulli":
        sigma = None
    scores = scores_of(total, size, sigma, posterior)
    if sigma is not None:
        best = max(mean_error / size, _LEAST_VARIANCE)  # under which the error is most likely
        mean_loss = gaussian_loss(mean_error, size, best if "learned" in likelihood else sigma**2)
        scores["unexplained"] = _share(scores["mse"] * size, mean_error)
    else:
        mean_loss = float(cross_entropy(pixel_mean, pixel_mean).sum())
        floor = total[1 + _SCALARS.index("entropy")] / count
        left = total[1 + _SCALARS.index("cross_entropy")] / count - floor
        scores["unexplained"] = _share(left, mean_loss - floor)
    return {
        **scores,
        "kl_per_dimension": (accumulator.moments["kl"] / count).tolist() if posterior else None,
        "active_units": int((z_square - z_mean**2 > ACTIVE_VARIANCE).sum()),
        "latent_dim": int(z_mean.size),
        "mean_image": {
            "reconstruction_loss": mean_loss,
            "mse": mean_error / size,
            "psnr": psnr(mean_error / size),
        },
        "labels": {
            label: scores_of(sums, size, sigma, posterior)
            for label, sums in sorted(accumulator.sums.items())
            if label
        },
    }


def scores_of(sums: np.ndarray, size: int, sigma: float | None, posterior: bool) -> dict[str, Any]:
    """Returns the scores that follow from the sums over some images alone.

    Args:
      sums: the number of images, then the sum of each of _SCALARS over them.
      size: values of an image.
      sigma: the standard deviation of a Gaussian likelihood; None of a Bernoulli one, which is a
        likelihood of binary pixels alone: bits_per_dim is None where there are grey ones.
    """
    count = int(sums[0])
    loss, kl, error = (float(value) for value in sums[1:4] / count)
    codes = sigma is not None or _are_binary(sums, size)
    bits = bits_per_dim(loss + kl, size, sigma) if codes else None
    return {
        "count": count,
        "reconstruction_loss": loss,
        "kl_loss": kl if posterior else None,
        "elbo": -(loss + kl) if posterior else None,
        "bits_per_dim": bits if posterior else None,
        "mse": error / size,
        "psnr": psnr(error / size),
        "ssim": float(sums[1 + _SCALARS.index("ssim")] / count),
    }


def sums_of(columns: dict[str, np.ndarray], chosen: np.ndarray) -> np.ndarray:
    """Returns the sums over chosen images, bool [n], of `columns_of` many, for `scores_of`."""
    sums = [chosen.sum(), *(columns[name][chosen].sum() for name in _SCALARS)]
    return np.array(sums, np.float64)


def psnr(mse: float) -> float:
    """Returns the peak signal-to-noise ratio in dB of values in [0, 1]; at most 120."""
    return 10 * math.log10(1 / max(mse, 1e-12)) if not math.isnan(mse) else math.nan


def _are_binary(sums: np.ndarray, size: int) -> bool:
    """Returns true where every pixel is 0 or 1: such a pixel has the entropy of the clipping."""
    entropy = sums[1 + _SCALARS.index("entropy")] / (sums[0] * size)
    return bool(entropy < 2 * _EPSILON)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 1.0  # images that do not differ explain nothing


def gaussian_loss(squared_error: Any, size: int, variance: float) -> Any:
    """Returns the negative log-likelihood, in nats, of summed squared errors of `size` values."""
    return 0.5 * (squared_error / variance + size * math.log(2 * math.pi * variance))


def cross_entropy(pixels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Returns -x log p - (1 - x) log (1 - p), in nats; p is clipped off 0 and 1 as Keras does."""
    p = probabilities.clip(_EPSILON, 1 - _EPSILON)
    return -(pixels * np.log(p) + (1 - pixels) * np.log1p(-p))


def _per_image(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1).sum(axis=1)


class BottomKSample:
    """Columns of the images whose key's hash is smallest, up to `limit` of them.

    A bottom-k sample is like a uniform one without replacement, and is the same one however the
    data is sharded.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[dict[str, np.ndarray]] = []

    def add(self, keys: list[bytes], columns: dict[str, np.ndarray]) -> None:
        """Adds n images with unique keys; columns [n, ...] have the same names each time."""
        ranks = np.array([int.from_bytes(rank(key), "big") for key in keys], np.uint64)
        part = {RANK: ranks, KEY: np.asarray(keys, dtype=object), **columns}
        self._parts.append(self._smallest(part))
        self._tidy(2 * self._limit)

    def merge(self, other: BottomKSample) -> None:
        self._parts.extend(other._parts)
        self._tidy(2 * self._limit)

    def columns(self) -> dict[str, np.ndarray]:
        """Returns every column, in the order of the hashes; {} where nothing was added."""
        self._tidy(0)
        return self._parts[0] if self._parts else {}

    def __getstate__(self) -> dict[str, object]:
        self._tidy(0)
        return self.__dict__

    def _tidy(self, above: int) -> None:
        """Joins the parts once they hold more than `above` images."""
        if sum(len(part[RANK]) for part in self._parts) > above and self._parts:
            names, parts = list(self._parts[0]), self._parts
            joined = {name: np.concatenate([part[name] for part in parts]) for name in names}
            self._parts = [self._smallest(joined)]

    def _smallest(self, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        order = np.argsort(columns[RANK], kind="stable")[: self._limit]
        return {name: values[order] for name, values in columns.items()}


def rank(key: bytes) -> bytes:
    """Returns the hash of a key, 8 bytes, by which images are ordered without any meaning."""
    return hashlib.blake2b(key, digest_size=8).digest()
