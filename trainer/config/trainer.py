"""The configuration of a training, of its parts, and of the feature network."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Annotated, Any

from data_prep import features
from data_prep.config_base import (
    Above,
    AtLeast,
    Between,
    Config,
    OneOf,
    Seed,
    parse,
    require,
    to_dict,
)
from data_prep.errors import InputError
from trainer.config.architectures import ARCHITECTURES, Architecture
from trainer.config.choices import (
    OPTIMIZERS,
    RECONSTRUCTIONS,
    SCHEDULES,
    TRACKERS,
    Reconstruction,
)
from trainer.config.families import FAMILIES, Family

LABEL_INDEX = "label_index"  # the feature that Transform makes from a label
# condition -> the feature it is made from
CONDITION_FEATURES = {"label": LABEL_INDEX, "attributes": features.ATTRIBUTES}

SETTINGS = "settings"  # keys of the custom_config of Transform, Tuner and Trainer: a config's JSON,
OVERRIDES = "overrides"  # hyper-parameters that count whatever a search found,
CODE_VERSION = "code_version"
CHECKPOINT_ROOT = "checkpoint_root"

BELOW_ONE = math.nextafter(1.0, 0.0)
Side = Annotated[int, Between(8, 1024, "8 to 1024 pixels")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageShape(Config):
    """The size of every image, in pixels. Images are uint8 [height, width, channels]."""

    height: Side = 32
    width: Side = 32
    channels: Annotated[int, OneOf((1, 3), "1 (grey), 3 (colour)")] = 1

    @property
    def as_tuple(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return (self.height, self.width, self.channels)

    @property
    def size(self) -> int:
        """The number of values in one image, which is also its raw length in bytes."""
        return self.height * self.width * self.channels


@dataclasses.dataclass(frozen=True, kw_only=True)
class GanConfig(Config):
    """The adversarial part of the family vae_gan (Larsen et al. 2016, arXiv 1512.09300).

    gamma: weight of the feature loss against the adversarial one in the decoder's loss.
    similarity: of the discriminator's l-layer: `squared_error` (the paper) or
      `cross_entropy` of sigmoids.
    decoder_rate, discriminator_rate: learning rates, as multiples of train.learning_rate.
    turns: the update schedule, i.e. which networks learn in a step. L is the discriminator's
      loss, ln 2 = 0.69 where it guesses.
      `together`: all three.
      `thresholds`: the discriminator alone until L < discriminator_until, then encoder and
        decoder until L > generator_until, each for at most inner_steps steps.
      `equilibrium`: the discriminator rests while it is too good (its cross-entropy on real
        or on decoded images below equilibrium - margin), the decoder while it is too bad
        (either above equilibrium + margin); all learn if both would rest. The encoder always
        learns.
    """

    gamma: Annotated[float, AtLeast(0)] = 1.0
    similarity: Annotated[str, OneOf(("cross_entropy", "squared_error"))] = "cross_entropy"
    decoder_rate: Annotated[float, Above(0)] = 1.0
    discriminator_rate: Annotated[float, Above(0)] = 1.0
    turns: Annotated[str, OneOf(("together", "thresholds", "equilibrium"))] = "equilibrium"
    discriminator_until: Annotated[float, AtLeast(0)] = 1.0
    generator_until: Annotated[float, AtLeast(0)] = 0.4
    inner_steps: Annotated[int, Between(1, 1000)] = 3
    equilibrium: Annotated[float, Above(0)] = 0.68
    margin: Annotated[float, AtLeast(0)] = 0.4


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig(Config):
    """A model and its loss: reconstruction NLL + beta * KL, in nats per image.

    family, architecture, reconstruction: names in the registries beside this module.
    condition: a second input of encoder and decoder: the `label` as one-hot, the `attributes`
      as 0 and 1, or `none`.
    width: factor of the units and filters that the architecture has in encoder and decoder.
    reconstruction: `bernoulli` (from logits), `gaussian` with the standard deviation
      `sigma` given in pixel units of [0, 1], or `gaussian_learned`, where `sigma` is the
      start of one learned value shared by all pixels.
    free_bits: nats of KL that cost nothing, in each latent dimension.
    kl_warmup_epochs: beta rises linearly from 0 over that many epochs.
    log_var_limit: z_log_var is clipped to plus and minus that; 0: not at all.
    corruption: standard deviation of the noise on a denoising_ae's input, pixels in [0, 1].
    """

    family: Annotated[str, OneOf(FAMILIES)] = "vae"
    architecture: str = "conv_32"
    condition: Annotated[str, OneOf(("none", *CONDITION_FEATURES))] = "none"
    width: Annotated[float, Between(0.125, 8)] = 1.0
    latent_dim: Annotated[int, Between(1, 4096)] = 2
    beta: Annotated[float, AtLeast(0)] = 1.0
    reconstruction: Annotated[str, OneOf(RECONSTRUCTIONS)] = "bernoulli"
    sigma: Annotated[float, Above(0)] = 1.0
    free_bits: Annotated[float, AtLeast(0)] = 0.0
    kl_warmup_epochs: Annotated[int, AtLeast(0)] = 0
    log_var_limit: Annotated[float, AtLeast(0)] = 0.0
    corruption: Annotated[float, AtLeast(0)] = 0.3
    gan: GanConfig = dataclasses.field(default_factory=GanConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        family = FAMILIES[self.family]
        adversarial = [name for name, entry in ARCHITECTURES.items() if entry.discriminator]
        allowed = adversarial if family.adversarial else list(ARCHITECTURES)
        require(self.architecture in allowed, "architecture", self.architecture, ", ".join(allowed))
        words = f"{', '.join(family.conditions)} with family {self.family}"
        require(self.condition in family.conditions, "condition", self.condition, words)
        if family.adversarial:
            fixed = [name for name, entry in RECONSTRUCTIONS.items() if not entry.learns_sigma]
            words = f"{', '.join(fixed)} with family {self.family}, whose loss is not on pixels"
            require(self.reconstruction in fixed, "reconstruction", self.reconstruction, words)

    @property
    def family_entry(self) -> Family:
        return FAMILIES[self.family]

    @property
    def architecture_entry(self) -> Architecture:
        return ARCHITECTURES[self.architecture]

    @property
    def reconstruction_entry(self) -> Reconstruction:
        return RECONSTRUCTIONS[self.reconstruction]

    @property
    def has_prior(self) -> bool:
        """True where z has a prior, hence a KL and an ELBO."""
        return self.family_entry.has_prior


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig(Config):
    """The training of a model.

    batch_size: over all devices together.
    learning_rate_schedule: `constant`; `cosine`, to 0 over the epochs; `plateau`, times
      plateau_factor whenever val_loss (loss without an eval split) has not improved for
      plateau_patience epochs.
    seed: of the weights, the batch order and the latent noise.
    exported_epoch: `best`, the epoch with the lowest val_loss of those after the KL warm-up,
      or `last`. It is the last one, too, where nothing tells which is best: without an eval
      split, and of the family vae_gan.
    early_stopping_patience: epochs without a better one, by the same measure; 0: never stop
      early.
    warm_start: begin with the weights of the latest blessed model, if there is one.
    cache_mib: decoded images up to this size stay in memory after being read once.
    precision: `auto` (bfloat16 on GPUs, float32 on CPUs), `float32` or `bfloat16`. With
      bfloat16 weights, losses and the outputs of the networks stay float32.
    pictures: figures are drawn at some epochs; see `trainer.figures`.
    trackers: names of those that log the metrics and figures of every epoch.
    """

    epochs: Annotated[int, Between(1, 100_000)] = 10
    batch_size: Annotated[int, Between(1, 65_536)] = 128
    optimizer: Annotated[str, OneOf(OPTIMIZERS)] = "adam"
    learning_rate: Annotated[float, Above(0), Between(0, 10, "above 0, at most 10")] = 1e-3
    learning_rate_schedule: Annotated[str, OneOf(SCHEDULES)] = "constant"
    plateau_factor: Annotated[float, Above(0), Between(0, BELOW_ONE, "a factor from 0 to 1")] = 0.1
    plateau_patience: Annotated[int, AtLeast(1, "1 or more")] = 25
    seed: Seed = 0
    exported_epoch: Annotated[str, OneOf(("best", "last"))] = "best"
    early_stopping_patience: Annotated[int, AtLeast(0, "0 (never stop early) or more epochs")] = 0
    warm_start: bool = False
    cache_mib: Annotated[int, AtLeast(0, "0 (never) or more MiB")] = 2048
    precision: Annotated[str, OneOf(("auto", "float32", "bfloat16"))] = "auto"
    pictures: bool = True
    trackers: tuple[str, ...] = ("tensorboard",)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.trackers:
            once = name in TRACKERS and self.trackers.count(name) == 1
            require(once, "trackers", name, f"{', '.join(TRACKERS)}, each once")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainerConfig(Config):
    """The whole configuration of the user functions of Transform, Tuner and Trainer.

    `labels` and `attributes` may stay empty: the names then come from the data. Given, they
    are the only ones allowed, labels in this (sorted) order.
    """

    image: ImageShape = dataclasses.field(default_factory=ImageShape)
    model: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)
    labels: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        entry, latent_dim = self.model.architecture_entry, self.model.latent_dim
        multiple = f"a multiple of {{}} with architecture {self.model.architecture}"
        for name in ("height", "width"):
            side = getattr(self.image, name)
            words = multiple.format(entry.divisor)
            require(side % entry.divisor == 0, f"image.{name}", side, words)
        if entry.latent_map:
            cells = self.image.height * self.image.width // entry.divisor**2
            size = f"{self.image.height}x{self.image.width}"
            words = f"{multiple.format(cells)} and images of {size}, whose latent is a map"
            require(latent_dim % cells == 0, "model.latent_dim", latent_dim, words)
        patience, family = self.train.early_stopping_patience, self.model.family
        words = f"0 with family {family}, none of whose losses says which epoch is best"
        comparable = bool(self.model.family_entry.best_by)
        require(comparable or not patience, "train.early_stopping_patience", patience, words)
        ordered = list(self.labels) == sorted(set(self.labels)) and all(self.labels)
        require(ordered, "labels", self.labels, "different words, sorted, none empty")

    @property
    def condition_names(self) -> tuple[str, ...]:
        """The name of each value of the condition; empty without a condition."""
        names = {"label": self.labels, "attributes": self.attributes}
        return names.get(self.model.condition, ())

    def to_json(self) -> str:
        """Returns one line with sorted keys, equal for equal configs."""
        return json.dumps(to_dict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str | None) -> TrainerConfig:
        """Reads `to_json` back; InputError where it is not JSON or not such a config."""
        try:
            values: Any = json.loads(text or "")
        except (TypeError, ValueError) as error:
            raise InputError(f"{SETTINGS}: not JSON ({error})") from None
        return parse(cls, values, SETTINGS)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FeatureNetworkConfig(Config):
    """The training of the feature network.

    steps: batches of `batch_size` images that it learns from; so the time it takes does
      not depend on the data set's size.
    images: of the training split, at most; they are held in memory.
    seed: of its weights and of the order of the images.
    """

    steps: Annotated[int, Between(1, 100_000)] = 400
    batch_size: Annotated[int, Between(1, 4096)] = 64
    images: Annotated[int, Between(1, 1_000_000)] = 20_000
    seed: Seed = 0
