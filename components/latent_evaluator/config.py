"""What the evaluator measures and what it takes to be blessed."""

from __future__ import annotations

import dataclasses
import math

from data_prep.features import SPLITS
from data_prep.settings import require


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """Thresholds of the blessing, and the size of the contact sheet.

    min_active_units: latent dimensions in use, i.e. whose mean varies over the images by
      more than 0.01 (Burda et al. 2016, arXiv 1509.00519, section 4.3).
    max_unexplained: share of the reconstruction error of a constant mean image that may
      remain; 0 is a perfect reconstruction, 1 no better than that constant image.
    max_worsening: how much worse than the blessed model's the negative ELBO may be, as a
      fraction of it. Of autoencoders, which have no ELBO, the reconstruction loss.
    """

    split: str = "test"
    seed: int = 0  # of the latent noise and of the samples
    min_active_units: int = 2
    max_unexplained: float = 0.8
    max_worsening: float = 0.05
    images_per_label: int = 12  # on the contact sheet

    def __post_init__(self) -> None:
        require(self.split in SPLITS, "split", self.split, ", ".join(SPLITS))
        require(0 <= self.seed < 2**31, "seed", self.seed, "0 to 2147483647")
        require(self.min_active_units >= 0, "min_active_units", self.min_active_units, "0 or more")
        require(
            0 < self.max_unexplained <= 1,
            "max_unexplained",
            self.max_unexplained,
            "a share above 0, at most 1",
        )
        require(
            math.isfinite(self.max_worsening) and self.max_worsening >= 0,
            "max_worsening",
            self.max_worsening,
            "a fraction of at least 0",
        )
        require(
            1 <= self.images_per_label <= 64, "images_per_label", self.images_per_label, "1 to 64"
        )
