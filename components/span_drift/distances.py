"""Distances between two spans, each with what sampling noise alone would give."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np
from scipy import stats

from components.span_drift.config import DriftConfig
from components.span_drift.drift import DriftMeasure
from components.span_drift.joint import joint_shift
from components.span_drift.noise import ALPHA, ks_noise
from trainer.models.metrics import ACTIVE_VARIANCE

DRAWS = 4000
MOST_NAMED = 3


@dataclasses.dataclass(frozen=True)
class SpanStatistics:
    """The statistics of a span that it is compared by.

    count: the images of the span.
    labels, attributes: how many of these have each.
    image: statistics of a sample of the images, name -> float [n].
    z_mean: float [n, latent_dim] of that sample; None where the model cannot encode it.
    """

    count: int
    labels: Mapping[str, int]
    attributes: Mapping[str, int]
    image: Mapping[str, np.ndarray]
    z_mean: np.ndarray | None = None


def measures(
    old: SpanStatistics, new: SpanStatistics, config: DriftConfig
) -> Iterator[DriftMeasure]:
    """Yields the distance of every statistic that both spans have."""
    if old.labels and new.labels:
        yield label_shift(old.labels, new.labels, config.max_label)
    if old.attributes:
        yield attribute_shift(old, new, config.max_attribute)
    for name, values in old.image.items():
        yield _of_values(name, values[:, None], new.image[name][:, None], config.max_image)
    names = list(old.image)
    before, now = (list(each.image.values()) for each in (old, new))
    dimensions = _in_use(old.z_mean, new.z_mean)
    if old.z_mean is not None and new.z_mean is not None and len(dimensions):
        of_codes = [f"z{i}" for i in dimensions]
        codes, new_codes = old.z_mean[:, dimensions], new.z_mean[:, dimensions]
        yield _of_values("latent", codes, new_codes, config.max_latent, of_codes)
        names, before, now = [*names, *of_codes], [*before, *codes.T], [*now, *new_codes.T]
    if names:
        columns = np.stack(before, axis=1), np.stack(now, axis=1)
        joint = joint_shift(names, columns[0], columns[1], config.max_joint)
        if joint is not None:
            yield joint


def _in_use(old: np.ndarray | None, new: np.ndarray | None) -> np.ndarray:
    """Returns the positions of the latent dimensions that vary in codes [n, d] of either span."""
    if old is None or new is None:
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.maximum(old.var(axis=0), new.var(axis=0)) > ACTIVE_VARIANCE)


def label_shift(old: Mapping[str, int], new: Mapping[str, int], allowed: float) -> DriftMeasure:
    """Measures the total variation distance: half the sum of the changes of all shares."""
    names = sorted({*old, *new})
    counts = np.array([[each.get(name, 0) for name in names] for each in (old, new)], float)
    sizes = counts.sum(axis=1).astype(int)
    shares = counts / sizes[:, None]
    change = shares[1] - shares[0]
    pooled = counts.sum(axis=0) / counts.sum()
    random = np.random.default_rng(0)
    drawn = [random.multinomial(size, pooled, DRAWS) / size for size in sizes]
    noise = float(np.quantile(np.abs(drawn[0] - drawn[1]).sum(axis=1) / 2, 1 - ALPHA))
    moved = sorted(range(len(names)), key=lambda i: -abs(change[i]))[:MOST_NAMED]
    words = ", ".join(
        f"{names[i]} {shares[0, i]:.1%} to {shares[1, i]:.1%}" for i in moved if change[i]
    )
    distance = float(np.abs(change).sum() / 2)
    return DriftMeasure("label", distance, noise, allowed, words or "no share has changed")


def attribute_shift(old: SpanStatistics, new: SpanStatistics, allowed: float) -> DriftMeasure:
    """Measures the largest change of an attribute's share.

    The noise is by the normal approximation, for as many attributes as there are (Bonferroni).
    """
    names = sorted(old.attributes)
    before = np.array([old.attributes[name] for name in names]) / old.count
    now = np.array([new.attributes[name] for name in names]) / new.count
    both = (before * old.count + now * new.count) / (old.count + new.count)
    deviation = np.sqrt(both * (1 - both) * (1 / old.count + 1 / new.count))
    noise = stats.norm.isf(ALPHA / 2 / len(names)) * deviation
    change = np.abs(now - before)
    # The attribute that is furthest beyond its limit.
    most = int(np.argmax(change - np.maximum(noise, allowed)))
    words = f"{names[most]} {before[most]:.1%} to {now[most]:.1%}"
    return DriftMeasure("attribute", float(change[most]), float(noise[most]), allowed, words)


def _of_values(
    name: str, old: np.ndarray, new: np.ndarray, allowed: float, columns: list[str] | None = None
) -> DriftMeasure:
    """Measures the largest two-sample Kolmogorov-Smirnov distance of a column, [n, k] each."""
    distances = [stats.ks_2samp(old[:, i], new[:, i]).statistic for i in range(old.shape[1])]
    most = int(np.argmax(distances))
    noise = ks_noise(len(old), len(new), len(distances))
    before, now = old[:, most], new[:, most]
    of = f"{columns[most]} of {len(distances)}: " if columns else ""
    words = (
        f"{of}mean {before.mean():.3g} to {now.mean():.3g}, "
        f"deviation {before.std():.3g} to {now.std():.3g}"
    )
    return DriftMeasure(name, float(distances[most]), noise, allowed, words)
