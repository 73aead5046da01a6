"""The contact sheet of a model: real images, reconstructions and samples in one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from trainer.figures.compose import Figure, Row
from trainer.figures.sheet import contact_sheet

MAX_LABELS = 10


def model_sheet(
    rows: Sequence[tuple[str, np.ndarray, np.ndarray]],
    samples: np.ndarray,
    title: str,
    caption: str,
) -> Image.Image:
    """Draws real images over their reconstructions, a group for each label, then samples.

    Args:
      rows: (label, real uint8 [n, h, w, c], reconstructed uint8 [n, h, w, c]), n >= 1.
      samples: uint8 [m, h, w, c], decoded from the prior.
      title, caption: the first two lines.

    Returns:
      An RGB image.
    """
    width = max(len(real) for _, real, _ in rows)
    lines = []
    for label, real, reconstructed in rows[:MAX_LABELS]:
        lines += [Row(real, label or "images", "real"), Row(reconstructed, note="reconstructed")]
    lines.append(Row(samples, "new", "sampled from the prior", accent=True))
    return contact_sheet(Figure(lines, width=width, title=title, caption=caption))
