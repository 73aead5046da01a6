"""Which epochs are drawn: many at first, when much changes, then ever fewer."""

from __future__ import annotations

import numpy as np


def snapshot_epochs(epochs: int) -> tuple[int, ...]:
    """Numbers from 0 of the epochs to draw: those of the sources below `epochs`, and the last.

    The sources (a series of articles on autoencoders for MNIST, parts 3 and 4) draw
    range(10) and int(arange(59) ** 1.701), which ends at 999.
    """
    powers = (np.arange(59) ** 1.701).astype(int).tolist()
    return tuple(sorted(e for e in {*range(10), *powers, epochs - 1} if e < epochs))
