"""How well a direction in the space of codes tells an attribute."""

from __future__ import annotations

import numpy as np

from trainer.ranking import auc


def mean_auc(codes: np.ndarray, attributes: np.ndarray) -> float | None:
    """The area under the ROC curve of each attribute's vector, averaged over attributes.

    The vector is the mean code with the attribute minus the mean code without it (Larsen et
    al. 2016, section 4.3), from every other image; the area is that of its projection on the
    images between.

    Args:
      codes: z_mean, [n, latent_dim].
      attributes: 0 or 1, [n, names].

    Returns:
      0.5 (nothing is told) to 1; None where no attribute has two images of either kind in both
      halves.
    """
    areas = []
    for column in attributes.T.astype(bool):
        halves = [column[::2], column[1::2]]
        if min(min(half.sum(), (~half).sum()) for half in halves) < 2:
            continue
        learned = codes[::2]
        vector = learned[halves[0]].mean(axis=0) - learned[~halves[0]].mean(axis=0)
        areas.append(auc(codes[1::2] @ vector, halves[1]))
    return float(np.mean(areas)) if areas else None
