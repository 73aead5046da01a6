"""From moments and held-out codes to attribute vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from components.latent_evaluator.metrics.bootstrap import percentile_interval
from components.latent_evaluator.passes.moments import Moments
from components.latent_evaluator.vectors.attribute_vectors import ATTRIBUTE, LABEL, AttributeVectors
from components.latent_evaluator.vectors.directions import (
    corrected_norm,
    cosines,
    mean_differences,
    midpoint_accuracy,
    projections,
    without_directions,
)
from trainer.measures.auc import auc, resampled_auc


def estimate_vectors(
    moments: Moments | None,
    held_out: np.ndarray,
    member: np.ndarray,
    counts: np.ndarray,
    *,
    attributes: Sequence[str],
    labels: Sequence[str],
    orthogonalise: Mapping[str, Sequence[str]],
    provenance: Mapping[str, str],
) -> AttributeVectors:
    """Args:
    moments: as `scoring.LatentMoments` makes them, of the split that vectors come from;
      None where it has no images.
    held_out: z_mean of other images, [n, d].
    member: which of those have each attribute, then each label, bool [n, A].
    counts: resamples of those, [r, n].
    attributes, labels: the names.
    orthogonalise: name -> the names whose directions are removed.
    provenance: split, held_out, model and data of `AttributeVectors`.
    """
    names = (*attributes, *labels)
    size = len(names)
    if moments is None:
        moments = Moments(
            np.zeros(2 * size), *(np.zeros((2 * size, held_out.shape[1])) for _ in range(2))
        )
    positive, negative = moments[:size], moments[size:]
    vectors, error = mean_differences(positive, negative)
    middles = (positive.mean + negative.mean) / 2
    scores = np.full((4, size), np.nan)  # auc, auc_low, auc_high, accuracy
    for index in np.flatnonzero(np.linalg.norm(vectors, axis=1) > 0):
        along = projections(held_out, vectors[index])
        has = member[:, index]
        scores[:, index] = (
            auc(along, has),
            *percentile_interval(resampled_auc(along, has, counts)),
            midpoint_accuracy(held_out, has, vectors[index], middles[index]),
        )
    by_name = dict(zip(names, vectors, strict=True))
    return AttributeVectors(
        names=names,
        kinds=(ATTRIBUTE,) * len(attributes) + (LABEL,) * len(labels),
        positive=positive.count.astype(np.int64),
        negative=negative.count.astype(np.int64),
        vectors=vectors.astype(np.float32),
        standard_error=error,
        norm=np.linalg.norm(vectors, axis=1),
        norm_corrected=corrected_norm(vectors, error),
        auc=scores[0],
        auc_low=scores[1],
        auc_high=scores[2],
        accuracy=scores[3],
        cosine=cosines(vectors),
        orthogonalised={
            name: (
                tuple(others),
                without_directions(by_name[name], [by_name[other] for other in others]).astype(
                    np.float32
                ),
            )
            for name, others in orthogonalise.items()
            if np.isfinite([by_name[other] for other in (name, *others)]).all()
        },
        **provenance,
    )
