"""Sums over a split that merge in any order, and the metrics they amount to.

The model has done its part when a batch arrives here: only numpy is at work.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from typing import Any

import numpy as np

from trainer.data.records import to_pixels
from trainer.export.loaded import ScoredBatch
from trainer.figures.latent_walks import kl_by_dimension
from trainer.measures.ssim import ssim
from trainer.models.losses import bits_per_dim
from trainer.models.metrics import ACTIVE_VARIANCE

_SCALARS = ("reconstruction_loss", "kl_loss", "squared_error", "cross_entropy", "entropy", "ssim")
_EPSILON = 1e-7


@dataclasses.dataclass
class ScoreAccumulator:
    """Sums over the images seen so far, a few of the images themselves by label, and all that
    is known of up to `max_images` of them (see `_row`)."""

    images_per_label: int
    max_images: int = 0
    sums: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)  # count, *_SCALARS
    moments: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    gallery: dict[str, list[tuple[bytes, np.ndarray, np.ndarray]]] = dataclasses.field(
        default_factory=dict
    )
    kept: BottomKSample = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.kept = BottomKSample(self.max_images)

    def add(self, batch: ScoredBatch) -> None:
        records = batch.records
        pixels = records.images.astype(np.float64) / 255
        guesses = batch.reconstructions.astype(np.float64)
        each = np.stack(
            [
                np.ones(len(pixels)),
                batch.reconstruction_loss,
                np.zeros(len(pixels)) if batch.kl_loss is None else batch.kl_loss,
                _per_image((pixels - guesses) ** 2),
                _per_image(_cross_entropy(pixels, guesses)),
                _per_image(_cross_entropy(pixels, pixels)),
                ssim(pixels, guesses),
            ],
            axis=1,
        )
        z_mean = batch.z_mean.astype(np.float64)
        labels = np.asarray(records.labels, dtype=object)
        for label in sorted(set(records.labels)):
            self._add_sums(label, each[labels == label].sum(axis=0))
        for name, values in (("z", z_mean), ("pixel", pixels)):
            self._add_moments(name, np.stack([values.sum(axis=0), (values**2).sum(axis=0)]))
        if batch.z_log_var is not None:
            each_kl = kl_by_dimension(batch.z_mean, batch.z_log_var)
            self._add_moments("kl", each_kl * len(pixels))
        shown = to_pixels(guesses)
        for index, (key, label) in enumerate(zip(records.keys, records.labels, strict=True)):
            self._show(label, [(rank(key), records.images[index], shown[index])])
        if self.max_images:
            self.kept.add(records.keys, _row(batch, shown, each))

    def merge(self, other: ScoreAccumulator) -> None:
        for label, sums in other.sums.items():
            self._add_sums(label, sums)
        for name, moments in other.moments.items():
            self._add_moments(name, moments)
        for label, shown in other.gallery.items():
            self._show(label, shown)
        self.kept.merge(other.kept)

    def _add_sums(self, label: str, sums: np.ndarray) -> None:
        self.sums[label] = self.sums.get(label, 0) + sums

    def _add_moments(self, name: str, moments: np.ndarray) -> None:
        self.moments[name] = self.moments.get(name, 0) + moments

    def _show(self, label: str, shown: list[tuple[bytes, np.ndarray, np.ndarray]]) -> None:
        """Keeps the images whose key's hash is smallest: the same ones in any order."""
        both = self.gallery.get(label, []) + shown
        both.sort(key=lambda entry: entry[0])
        self.gallery[label] = both[: self.images_per_label]


def _row(batch: ScoredBatch, shown: np.ndarray, each: np.ndarray) -> dict[str, np.ndarray]:
    """What is kept of images: label str, attributes int8 [n, names] (where there are some),
    z_mean and z_log_var float32 [n, d] (the latter with a posterior), image and reconstruction
    uint8 [n, h, w, c], and each of the summed scalars, float64 [n]."""
    row = {
        "label": np.asarray(batch.records.labels, dtype=object),
        "z_mean": batch.z_mean.astype(np.float32),
        "image": batch.records.images,
        "reconstruction": shown,
        **dict(zip(_SCALARS, each.T[1:], strict=True)),
    }
    if batch.z_log_var is not None:
        row["z_log_var"] = batch.z_log_var.astype(np.float32)
    if batch.records.attributes.shape[1]:
        row["attributes"] = batch.records.attributes.astype(np.int8)
    return row


def metrics(
    tally: ScoreAccumulator, *, likelihood: str, sigma: float = 1.0, posterior: bool = True
) -> dict[str, Any]:
    """The metrics of a split.

    Args:
      tally: of at least one image.
      likelihood: `bernoulli`, or a Gaussian one (`gaussian`, `gaussian_learned`).
      sigma: of `gaussian`.
      posterior: whether the model has one. Without it there is no KL, hence no ELBO: kl_loss,
        elbo and bits_per_dim are None.

    Returns:
      count; reconstruction_loss, kl_loss, elbo (its sum's negative: higher is better), in nats
      per image; bits_per_dim; mse over pixels in [0, 1]; psnr in dB; ssim; unexplained (see
      below); kl_per_dimension in nats, a list (None without a posterior); active_units of
      latent_dim; `mean_image`: what the split's own mean image scores; `labels`: the same for
      each label.

      `unexplained` is the share of the mean image's error that the reconstructions leave: of
      its Bernoulli deviance (the cross-entropy above that of a perfect reconstruction), or of
      its squared error. It is 0 for perfect reconstructions whatever the likelihood's constant.
    """
    total = np.sum(list(tally.sums.values()), axis=0)
    count = total[0]
    pixel_mean, pixel_square = tally.moments["pixel"] / count
    z_mean, z_square = tally.moments["z"] / count
    size = pixel_mean.size
    variance = (pixel_square - pixel_mean**2).clip(0)
    mean_error = float(variance.sum())
    mean_cross_entropy = float(_cross_entropy(pixel_mean, pixel_mean).sum())
    z_variance = z_square - z_mean**2

    density = likelihood != "bernoulli"
    whole = _scores(total, size, density, posterior)
    if not density:
        mean_loss = mean_cross_entropy
        floor = total[1 + _SCALARS.index("entropy")] / count
        left = total[1 + _SCALARS.index("cross_entropy")] / count - floor
        whole["unexplained"] = _share(left, mean_cross_entropy - floor)
    else:
        mean_loss = _gaussian_loss(mean_error, size, None if "learned" in likelihood else sigma)
        whole["unexplained"] = _share(whole["mse"] * size, mean_error)
    return {
        **whole,
        "kl_per_dimension": (tally.moments["kl"] / count).tolist() if posterior else None,
        "active_units": int((z_variance > ACTIVE_VARIANCE).sum()),
        "latent_dim": int(z_mean.size),
        "mean_image": {
            "reconstruction_loss": mean_loss,
            "mse": mean_error / size,
            "psnr": psnr(mean_error / size),
        },
        "labels": {
            label: _scores(sums, size, density, posterior)
            for label, sums in sorted(tally.sums.items())
            if label
        },
    }


def _scores(sums: np.ndarray, size: int, density: bool, posterior: bool) -> dict[str, Any]:
    count = int(sums[0])
    loss, kl, error = (float(value) for value in sums[1:4] / count)
    bits = bits_per_dim(loss + kl, size, density=density)
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


def psnr(mse: float) -> float:
    """Peak signal-to-noise ratio in dB of values in [0, 1]; at most 120."""
    return 10 * math.log10(1 / max(mse, 1e-12)) if not math.isnan(mse) else math.nan


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 1.0  # images that do not differ explain nothing


def _gaussian_loss(squared_error: float, size: int, sigma: float | None) -> float:
    """Negative log-likelihood in nats of a summed squared error; sigma None: its own best."""
    variance = max(squared_error / size, 1e-12) if sigma is None else sigma**2
    return 0.5 * (squared_error / variance + size * math.log(2 * math.pi * variance))


def _cross_entropy(pixels: np.ndarray, guesses: np.ndarray) -> np.ndarray:
    """-x log p - (1 - x) log (1 - p), in nats; p is kept off 0 and 1 as Keras does."""
    guesses = guesses.clip(_EPSILON, 1 - _EPSILON)
    return -(pixels * np.log(guesses) + (1 - pixels) * np.log1p(-guesses))


def _per_image(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1).sum(axis=1)


RANK, KEY = "rank", "key"


class BottomKSample:
    """What is known of the images whose key's hash is smallest, up to `limit` of them.

    Like a uniform sample without replacement, and the same one however the data is sharded.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[dict[str, np.ndarray]] = []

    def add(self, keys: list[bytes], columns: dict[str, np.ndarray]) -> None:
        """Args:
        keys: n unique ones.
        columns: name -> [n, ...]; the same names each time.
        """
        ranks = np.array([int.from_bytes(rank(key), "big") for key in keys], np.uint64)
        part = {RANK: ranks, KEY: np.asarray(keys, dtype=object), **columns}
        self._parts.append(self._smallest(part))
        self._tidy(2 * self._limit)

    def merge(self, other: BottomKSample) -> None:
        self._parts.extend(other._parts)
        self._tidy(2 * self._limit)

    def columns(self) -> dict[str, np.ndarray]:
        """Every column, in the order of the hashes; {} where nothing was added."""
        self._tidy(0)
        return self._parts[0] if self._parts else {}

    def __getstate__(self) -> dict[str, object]:
        self._tidy(0)
        return self.__dict__

    def _tidy(self, above: int) -> None:
        """Joins the parts once they hold more than `above` images."""
        if sum(len(part[RANK]) for part in self._parts) > above and self._parts:
            joined = {
                name: np.concatenate([part[name] for part in self._parts])
                for name in self._parts[0]
            }
            self._parts = [self._smallest(joined)]

    def _smallest(self, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        order = np.argsort(columns[RANK], kind="stable")[: self._limit]
        return {name: values[order] for name, values in columns.items()}


def rank(key: bytes) -> bytes:
    """A hash of a key, 8 bytes: where the image stands in an order that means nothing."""
    return hashlib.blake2b(key, digest_size=8).digest()
