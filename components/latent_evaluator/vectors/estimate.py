"""The estimate of attribute vectors from moments and held-out codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from components.latent_evaluator.passes.moments import Moments
from components.latent_evaluator.vectors.attribute_vectors import ATTRIBUTE, LABEL, AttributeVectors
from trainer.measures.auc import areas_with_intervals


def estimate_vectors(
    moments: Moments | None,
    held_out: np.ndarray,
    member: np.ndarray,
    *,
    attributes: Sequence[str],
    labels: Sequence[str],
    orthogonalise: Mapping[str, Sequence[str]],
    provenance: Mapping[str, str],
) -> AttributeVectors:
    """Estimates the vectors on one split and tests them on another.

    Args:
      moments: those that `passes.beam.LatentMoments` takes, of the split that vectors come from;
        None where it has no images.
      held_out: z_mean of the images of the other split, [n, d].
      member: which of these have each attribute, then each label, bool [n, A].
      attributes, labels: the names.
      orthogonalise: name -> the names whose directions are removed.
      provenance: split, held_out, model and data of `AttributeVectors`.
    """
    names = (*attributes, *labels)
    size = len(names)
    if moments is None:
        moments = Moments.of(held_out[:0], np.zeros((0, 2 * size), bool))
    positive, negative = moments[:size], moments[size:]
    vectors, error = mean_differences(positive, negative)
    middles = (positive.mean + negative.mean) / 2
    areas = areas_with_intervals(projections(held_out, vectors), member)
    by_name = dict(zip(names, vectors, strict=True))
    orthogonalised = {}
    for name, others in orthogonalise.items():
        removed = [by_name[other] for other in others]
        if np.isfinite([by_name[name], *removed]).all():
            rest = without_directions(by_name[name], removed).astype(np.float32)
            orthogonalised[name] = (tuple(others), rest)
    return AttributeVectors(
        names=names,
        kinds=(ATTRIBUTE,) * len(attributes) + (LABEL,) * len(labels),
        positive=positive.count.astype(np.int64),
        negative=negative.count.astype(np.int64),
        vectors=vectors.astype(np.float32),
        standard_error=error,
        norm=np.linalg.norm(vectors, axis=1),
        norm_corrected=corrected_norm(vectors, error),
        auc=areas.area,
        auc_low=areas.low,
        auc_high=areas.high,
        accuracy=midpoint_accuracy(held_out, member, vectors, middles),
        cosine=cosines(vectors),
        orthogonalised=orthogonalised,
        **provenance,
    )


def mean_differences(positive: Moments, negative: Moments) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean with an attribute minus the mean without, and its standard error.

    Larsen et al. 2016 (arXiv 1512.09300), section 4.1.1. The error of each component is
    sqrt(s+^2 / n+ + s-^2 / n-), of two independent means (Welch 1947). Both float64 [A, d], NaN
    where a class is empty; the error also where it has a single image.
    """
    known = (np.minimum(positive.count, negative.count) > 0)[:, None]
    vectors = np.where(known, positive.mean - negative.mean, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = positive.variance / positive.count[:, None]
        error = error + negative.variance / negative.count[:, None]
    return vectors, np.sqrt(error)


def corrected_norm(vectors: np.ndarray, standard_error: np.ndarray) -> np.ndarray:
    """Returns the length of the true vectors, float64 [A], without what sampling adds to it.

    E|v|^2 = |true v|^2 + sum of the squared standard errors, so that sum is taken off:
    sqrt(max(0, |v|^2 - sum s^2)). Few positives and many dimensions make it large.
    """
    squared = np.sum(vectors**2 - standard_error**2, axis=1)
    return np.sqrt(np.maximum(squared, 0))


def cosines(vectors: np.ndarray) -> np.ndarray:
    """Returns the cosine of every pair, float64 [A, A]; NaN where a vector is NaN or zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = vectors / norms
    return np.clip(unit @ unit.T, -1, 1)


def without_directions(vector: np.ndarray, others: Sequence[np.ndarray]) -> np.ndarray:
    """Returns the part of a vector [d] that is orthogonal to all the others, float64 [d].

    Moving along it leaves the projections on the others as they are ("Blond_Hair without
    Male"): the residual of least squares, v - Q Q^T v with Q an orthonormal basis of them.
    """
    spanned, scale, _ = np.linalg.svd(np.stack(others, axis=1), full_matrices=False)
    basis = spanned[:, scale > scale.max() * 1e-10]
    return vector - basis @ (basis.T @ vector)


def projections(points: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Returns the positions of points [n, d] along vectors [A, d], points . vector / |vector|.

    float64 [n, A]; NaN for a vector of length 0.
    """
    return points.astype(np.float64) @ _units(vectors).T


def midpoint_accuracy(
    points: np.ndarray, positive: np.ndarray, vectors: np.ndarray, middles: np.ndarray
) -> np.ndarray:
    """Returns the share of points [n, d] that lie on their class's side of each middle [A, d].

    That is the accuracy of choosing the nearer class mean along the vector, float64 [A]; NaN
    without points and where a vector is NaN or zero.
    """
    if not len(points):
        return np.full(len(vectors), np.nan)
    units = _units(vectors)
    beyond = points.astype(np.float64) @ units.T > (middles * units).sum(axis=1)
    return np.where(np.isnan(units[:, 0]), np.nan, np.mean(beyond == positive, axis=0))


def _units(vectors: np.ndarray) -> np.ndarray:
    """Returns vectors [A, d] at length 1, NaN for those of length 0."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, np.nan)
