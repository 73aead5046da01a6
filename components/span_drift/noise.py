"""The noise of a distance: what two samples of one distribution would show."""

from __future__ import annotations

import math

ALPHA = 0.001  # chance that two samples of one distribution differ by more than the noise


def ks_noise(old: int, new: int, columns: int = 1) -> float:
    """Returns the distance that two samples of one distribution exceed with probability ALPHA
    in any of the columns (Smirnov 1948; the asymptotic bound)."""
    return math.sqrt(-math.log(ALPHA / columns / 2) / 2 * (old + new) / (old * new))
