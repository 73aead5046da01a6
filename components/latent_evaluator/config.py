"""The config of the evaluator: what it measures, and what it demands of a blessed model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Annotated

from data_prep.config_base import Above, AtLeast, Between, Config, OneOf, Seed, require
from data_prep.features import SPLITS
from trainer.config import FeatureNetworkConfig

ATTRIBUTE_FACTORS = "attributes"
_POSITIVE_SHARE, _SHARE = "a share above 0, at most 1", "a share, 0 to 1"
_OR_NULL = ", or null: not judged"
Margin = Annotated[float | None, AtLeast(0, f"a number of at least 0{_OR_NULL}")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluationConfig(Config):
    """The images and the effort of each measurement, and the thresholds of the blessing.

    What is measured:

    split: every number is of it; held out from training.
    vectors_split: where attribute vectors come from, and the training images that copies are
      looked for in.
    seed: of the latent noise, the samples, the resamples and the directions.
    images_per_label: on the contact sheet.
    max_images: everything but the sums over all images is measured on at most that many of
      the split, those whose key's hash is smallest.
    samples: images drawn from the prior.
    train_images: at most that many are compared with the samples.
    resamples: of each bootstrap interval.
    projections: directions of the sliced Wasserstein distance.
    iw_samples, iw_images: samples of z an image, and images, of the importance-weighted
      likelihood. 0 samples: it is not measured.
    orthogonalise: attribute -> the attributes whose directions are taken out of its vector.
    edits: attributes whose edits the report shows first; empty: those that separate best.
    factors: of the data, where they are known: a CSV file whose first column is the key, or
      the word `attributes`. Empty: nothing is said of disentanglement.
    extractor: the network that features come from.

    Absolute thresholds:

    min_active_units: latent dimensions in use, i.e. whose mean varies over the images by
      more than 0.01 (Burda et al. 2016, arXiv 1509.00519, section 5.2).
    max_unexplained: share of the reconstruction error of a constant mean image that may
      remain; 0 is a perfect reconstruction, 1 no better than that constant image.
    min_class_share: a class counts as dropped when its share of samples is below this
      fraction of its share of real images.

    Thresholds against memorisation, each for the lower end of the 95 % interval; null: not judged.

    max_memorised: share of samples that may be copies of training images, beyond what
      held-out images score.
    max_nearer_training: share of samples that may be nearer to a training image than to one of as
      many held-out images; 0.5 by chance.
    max_train_gap: share of what the model gains over the mean image on training images that may
      be missing on held-out ones; 0 without overfitting.

    Limits for samples of the prior; null: not judged. Models without a prior are not.

    max_kid_ratio: KID of samples, as a multiple of that of reconstructions.
    min_density, min_coverage: of samples among real images, and of real images by samples.
    min_fidelity: share of a conditional model's samples that show their condition, as a fraction
      of what is recognised of real images.

    Margins against the last blessed model and the champion, each for the end of the one-sided
    95 % interval of how much worse the model is; null: not judged.

    champion: the model to compare with besides the last blessed one: the directory of a model
      artifact or of a pushed version, or a file of the registry `blessed/`. Empty: the best so far.
    max_gain_lost: share of what the other model gains over the mean image, in nats, that may be
      lost.
    max_distance_worse: how much larger the KID of its samples may be, as a fraction; without an
      extractor their sliced Wasserstein distance.
    max_density_lost: how much lower their density may be, as a fraction.
    max_coverage_lost, max_fidelity_lost: how much lower these shares may be.
    """

    split: Annotated[str, OneOf(SPLITS)] = "test"
    vectors_split: str = "train"
    seed: Seed = 0
    images_per_label: Annotated[int, Between(1, 64)] = 12
    max_images: Annotated[int, Between(16, 100_000)] = 5000
    samples: Annotated[int, Between(16, 100_000)] = 2000
    train_images: Annotated[int, Between(16, 10_000_000)] = 100_000
    resamples: Annotated[int, Between(20, 10_000)] = 200
    projections: Annotated[int, Between(1, 10_000)] = 128
    iw_samples: Annotated[int, Between(0, 10_000)] = 16
    iw_images: Annotated[int, Between(1, 100_000)] = 256
    orthogonalise: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    edits: tuple[str, ...] = ()
    factors: str = ""
    extractor: FeatureNetworkConfig = dataclasses.field(default_factory=FeatureNetworkConfig)
    min_active_units: Annotated[int, AtLeast(0, "0 or more")] = 2
    max_unexplained: Annotated[float, Above(0, _POSITIVE_SHARE), Between(0, 1, _POSITIVE_SHARE)] = (
        0.8
    )
    min_class_share: Annotated[float, Between(0, 1, _SHARE)] = 0.1
    max_memorised: Annotated[float | None, Between(0, 1, f"{_SHARE}{_OR_NULL}")] = 0.05
    max_nearer_training: Annotated[
        float | None, Between(0.5, 1, f"a share, 0.5 to 1{_OR_NULL}")
    ] = 0.6
    max_train_gap: Margin = 0.25
    max_kid_ratio: Margin = 20.0
    min_density: Margin = 0.05
    min_coverage: Margin = 0.15
    min_fidelity: Margin = 0.5
    champion: str = ""
    max_gain_lost: Margin = 0.05
    max_distance_worse: Margin = 0.3
    max_density_lost: Margin = 0.3
    max_coverage_lost: Margin = 0.1
    max_fidelity_lost: Margin = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        others = [name for name in SPLITS if name != self.split]
        require(
            self.vectors_split in others,
            "vectors_split",
            self.vectors_split,
            f"{', '.join(others)} with split {self.split}, on which the vectors are tested",
        )
        for name, removed in self.orthogonalise.items():
            allowed = "one or more other attributes"
            require(
                bool(removed) and name not in removed, f"orthogonalise.{name}", removed, allowed
            )

    def check_names(self, attributes: Iterable[str], labels: Iterable[str]) -> None:
        """Raises InputError where a name is neither an attribute nor a label of the data."""
        attributes = tuple(attributes)
        known = (*attributes, *labels)
        named = {f"orthogonalise.{name}": (name, *out) for name, out in self.orthogonalise.items()}
        named["edits"] = self.edits
        for key, names in named.items():
            for name in names:
                allowed = ", ".join(known) or "nothing with data that has no names"
                require(name in known, f"evaluation.{key}", name, allowed)
        require(
            bool(attributes) or self.factors != ATTRIBUTE_FACTORS,
            "evaluation.factors",
            self.factors,
            "a CSV file, with data that has no attributes",
        )
