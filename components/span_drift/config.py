"""How far a new span may differ from the last blessed one."""

from __future__ import annotations

import dataclasses

from data_prep.config_base import require


@dataclasses.dataclass(frozen=True, kw_only=True)
class DriftConfig:
    """Thresholds; a model trained on a span beyond one of them is not pushed.

    All are between 0 (equal) and 1, which allows anything. Whatever sampling noise alone would
    bring about, however small the spans are, passes, too.

    max_label: total variation: the share of the images that would need another label.
    max_attribute: the most that the share of images with an attribute may change.
    max_image: Kolmogorov-Smirnov distance of the images' mean, standard deviation and ink.
    max_latent: the same of a latent dimension, by the blessed model's encoder.
    images: at most that many of each span are looked at. Labels and attributes are those of all.
    """

    max_label: float = 0.2
    max_attribute: float = 0.1
    max_image: float = 0.2
    max_latent: float = 0.2
    images: int = 5000

    def __post_init__(self) -> None:
        for name in ("max_label", "max_attribute", "max_image", "max_latent"):
            require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "0 to 1")
        require(100 <= self.images <= 1_000_000, "images", self.images, "100 to 1000000")
