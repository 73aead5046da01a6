"""The config of the drift: how far a new span may differ from the last blessed one."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from data_prep.config_base import Between, Config


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
    images: the most images of each span that are read. Labels and attributes count all images.
    """

    max_label: Annotated[float, Between(0, 1)] = 0.2
    max_attribute: Annotated[float, Between(0, 1)] = 0.1
    max_image: Annotated[float, Between(0, 1)] = 0.2
    max_latent: Annotated[float, Between(0, 1)] = 0.2
    max_joint: Annotated[float, Between(0, 1)] = 0.3
    images: Annotated[int, Between(100, 1_000_000)] = 5000
