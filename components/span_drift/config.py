"""The config of the drift: how far a new span may differ from the last blessed one."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Annotated, Any

from data_prep.config_base import Between, Config, require


@dataclasses.dataclass(frozen=True, kw_only=True)
class DriftConfig(Config):
    """Thresholds; a model trained on a span beyond one of them is not pushed.

    All are between 0 (equal) and 1, which allows anything. Whatever sampling noise alone would
    bring about passes, too, however small the spans are.

    max_label: total variation, the share of the images that would need another label.
    max_attribute: the most that the share of images with an attribute may change.
    max_image: Kolmogorov-Smirnov distance of the images' mean, standard deviation and ink.
    max_latent: Kolmogorov-Smirnov distance of a latent dimension, by the blessed model's encoder.
    max_joint: Kolmogorov-Smirnov distance of the ratings of a classifier that tells images of the
      spans apart by all codes and image statistics together. What moves a little in each of many
      adds up, so it is above the others: 0.3 is a correlation of 0.7 where there was none, or a
      shift of 8 dimensions by 0.27 deviations each.
    accept: the name of a span whose drift is meant: it is measured and not judged, and the drift of
      later ones is measured from it. Other spans are judged as ever.
    images: the most images of each span that are read. Labels and attributes count all images.
    """

    max_label: Annotated[float, Between(0, 1)] = 0.2
    max_attribute: Annotated[float, Between(0, 1)] = 0.1
    max_image: Annotated[float, Between(0, 1)] = 0.2
    max_latent: Annotated[float, Between(0, 1)] = 0.2
    max_joint: Annotated[float, Between(0, 1)] = 0.3
    accept: Any = ""
    images: Annotated[int, Between(100, 1_000_000)] = 5000

    def __post_init__(self) -> None:
        super().__post_init__()
        named = isinstance(self.accept, str | int | datetime.date)  # YAML reads 3 and 2026-11-20 so
        require(named, "accept", self.accept, "the name of a span")
        object.__setattr__(self, "accept", str(self.accept))
