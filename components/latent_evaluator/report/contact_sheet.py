"""One picture of what a model does: real images, reconstructions, samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from trainer.figures.contact_sheet import Band, contact_sheet

MAX_LABELS = 10


def model_sheet(
    rows: Sequence[tuple[str, np.ndarray, np.ndarray]],
    samples: np.ndarray,
    title: str,
    caption: str,
) -> Image.Image:
    """Real images over their reconstructions, a band for each label, then prior samples.

    Args:
      rows: (label, real uint8 [n, h, w, c], reconstructed uint8 [n, h, w, c]), n >= 1.
      samples: uint8 [m, h, w, c], decoded from the prior.
      title, caption: the first two lines.

    Returns:
      An RGB image.
    """
    bands = [
        Band(label or "images", ("real", "reconstructed"), (real, reconstructed))
        for label, real, reconstructed in rows[:MAX_LABELS]
    ]
    columns = max(len(real) for _, real, _ in rows)
    drawn = [samples[i : i + columns] for i in range(0, len(samples), columns)]
    if drawn:
        kinds = ["sampled from the prior", *[""] * (len(drawn) - 1)]
        bands.append(Band("new", kinds, drawn, accent=True))
    return contact_sheet(bands, title, caption)
