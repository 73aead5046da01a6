"""The trainer's configuration: what goes as one JSON string into custom_config["settings"].

Standard library and data_prep.config_base only, so that a config loads in milliseconds.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, NamedTuple

from data_prep import features
from data_prep.config_base import at_least, one_of, parse, positive, require, to_dict
from data_prep.errors import InputError
from trainer.config_parts import GanConfig

# family -> the conditions it takes
FAMILIES = {
    "vae": ("none",),
    "cvae": ("label", "attributes"),
    "vae_gan": ("none", "label", "attributes"),
    "ae": ("none", "label", "attributes"),
    "denoising_ae": ("none", "label", "attributes"),
}
WITHOUT_PRIOR = ("ae", "denoising_ae")
LABEL_INDEX = "label_index"  # what Transform makes of a label
# condition -> the feature it is made from
CONDITION_FEATURES = {"label": LABEL_INDEX, "attributes": features.ATTRIBUTES}
CONDITIONS = ("none", *CONDITION_FEATURES)
RECONSTRUCTIONS = ("bernoulli", "gaussian", "gaussian_learned")
OPTIMIZERS = ("adam", "rmsprop", "adadelta")
SCHEDULES = ("constant", "cosine", "plateau")
PRECISIONS = ("auto", "float32", "bfloat16")


class Fit(NamedTuple):
    """What an architecture asks for.

    divisor: of both sides of the image.
    discriminator: whether it has one, for the family vae_gan.
    latent_map: whether the latent is a map of one vector for each cell of `divisor` pixels.
    """

    divisor: int = 1
    discriminator: bool = False
    latent_map: bool = False


ARCHITECTURES = {
    "dense_256": Fit(),
    "dense_256_128": Fit(),
    "dense_512": Fit(),
    "conv_28": Fit(4, discriminator=True),
    "conv_32": Fit(8, discriminator=True),
    "conv_64": Fit(32, discriminator=True),
    "res_64": Fit(16, discriminator=True),
    "strided_28": Fit(4),
    "two_branch_4": Fit(16, latent_map=True),
    "two_branch_5": Fit(32, latent_map=True),
}

SETTINGS = "settings"  # keys of the Transform's and the Trainer's custom_config
OVERRIDES = "overrides"  # of what a search found
CODE_VERSION = "code_version"
CHECKPOINT_ROOT = "checkpoint_root"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageShape:
    """Size of every image, in pixels. Images are uint8 [height, width, channels]."""

    height: int = 32
    width: int = 32
    channels: int = 1

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            side = getattr(self, name)
            require(8 <= side <= 1024, name, side, "8 to 1024 pixels")
        require(self.channels in (1, 3), "channels", self.channels, "1 (grey), 3 (colour)")

    @property
    def as_tuple(self) -> tuple[int, int, int]:
        return (self.height, self.width, self.channels)

    @property
    def size(self) -> int:
        """Values in one image, which is also its raw length in bytes."""
        return self.height * self.width * self.channels


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Which model, and its loss: reconstruction NLL + beta * KL, in nats per image.

    condition: what encoder and decoder are told besides: the `label` as one-hot, the
      `attributes` as 0 and 1, or `none`.
    width: times the units and filters that the architecture has in encoder and decoder.
    reconstruction: `bernoulli` (from logits), `gaussian` with the standard deviation
      `sigma` given in pixel units of [0, 1], or `gaussian_learned`, where `sigma` is the
      start of one learned value shared by all pixels.
    free_bits: nats of KL that cost nothing, in each latent dimension.
    kl_warmup_epochs: beta rises linearly from 0 over that many epochs.
    log_var_limit: z_log_var is clipped to plus and minus that; 0: not at all.
    corruption: standard deviation of the noise on a denoising_ae's input, pixels in [0, 1].
    """

    family: str = "vae"
    architecture: str = "conv_32"
    condition: str = "none"
    width: float = 1.0
    latent_dim: int = 2
    beta: float = 1.0
    reconstruction: str = "bernoulli"
    sigma: float = 1.0
    free_bits: float = 0.0
    kl_warmup_epochs: int = 0
    log_var_limit: float = 0.0
    corruption: float = 0.3
    gan: GanConfig = dataclasses.field(default_factory=GanConfig)

    def __post_init__(self) -> None:
        one_of(self, "family", FAMILIES)
        allowed = [
            name
            for name, fit in ARCHITECTURES.items()
            if fit.discriminator or self.family != "vae_gan"
        ]
        one_of(self, "architecture", allowed)
        one_of(self, "condition", CONDITIONS)
        require(
            self.condition in FAMILIES[self.family],
            "condition",
            self.condition,
            f"{', '.join(FAMILIES[self.family])} with family {self.family}",
        )
        require(0.125 <= self.width <= 8, "width", self.width, "0.125 to 8")
        require(1 <= self.latent_dim <= 4096, "latent_dim", self.latent_dim, "1 to 4096")
        at_least(self, 0, "beta", "free_bits", "log_var_limit", "corruption")
        at_least(self, 0, "kl_warmup_epochs")
        one_of(self, "reconstruction", RECONSTRUCTIONS)
        positive(self, "sigma")
        require(
            self.family != "vae_gan" or self.reconstruction != "gaussian_learned",
            "reconstruction",
            self.reconstruction,
            "bernoulli, gaussian with family vae_gan, whose loss is not on pixels",
        )

    @property
    def has_prior(self) -> bool:
        """Whether z has a prior, hence a KL and an ELBO."""
        return self.family not in WITHOUT_PRIOR


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How the model is trained.

    learning_rate_schedule: `constant`; `cosine`, to 0 over the epochs; `plateau`, times
      plateau_factor whenever val_loss (loss without an eval split) has not improved for
      plateau_patience epochs.
    warm_start: begin with the weights of the latest blessed model, if there is one.
    precision: `auto` (bfloat16 on GPUs, float32 on CPUs), `float32` or `bfloat16`. With
      bfloat16 weights, losses and the outputs of the networks stay float32.
    """

    epochs: int = 10
    batch_size: int = 128  # over all devices together
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    learning_rate_schedule: str = "constant"
    plateau_factor: float = 0.1
    plateau_patience: int = 25
    seed: int = 0  # of the weights, the batch order and the latent noise
    early_stopping_patience: int = 0  # epochs without a better val_loss; 0: never stop early
    warm_start: bool = False
    cache_mib: int = 2048  # decoded images up to this size stay in memory after being read once
    precision: str = "auto"
    pictures: bool = True  # drawn at some epochs; see trainer.figures

    def __post_init__(self) -> None:
        require(1 <= self.epochs <= 100_000, "epochs", self.epochs, "1 to 100000")
        require(1 <= self.batch_size <= 65_536, "batch_size", self.batch_size, "1 to 65536")
        one_of(self, "optimizer", OPTIMIZERS)
        positive(self, "learning_rate", "plateau_factor")
        require(
            self.learning_rate <= 10, "learning_rate", self.learning_rate, "above 0, at most 10"
        )
        one_of(self, "learning_rate_schedule", SCHEDULES)
        require(
            self.plateau_factor < 1, "plateau_factor", self.plateau_factor, "a factor from 0 to 1"
        )
        require(self.plateau_patience >= 1, "plateau_patience", self.plateau_patience, "1 or more")
        require(0 <= self.seed < 2**31, "seed", self.seed, "0 to 2147483647")
        require(
            self.early_stopping_patience >= 0,
            "early_stopping_patience",
            self.early_stopping_patience,
            "0 (never stop early) or more epochs",
        )
        require(self.cache_mib >= 0, "cache_mib", self.cache_mib, "0 (never) or more MiB")
        one_of(self, "precision", PRECISIONS)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainerConfig:
    """Everything the user functions of Transform and Trainer need to know.

    `labels` and `attributes` may stay empty: the names then come from the data. Given, they
    are the only ones allowed, labels in this (sorted) order.
    """

    image: ImageShape = dataclasses.field(default_factory=ImageShape)
    model: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)
    labels: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        fit = ARCHITECTURES[self.model.architecture]
        for name in ("height", "width"):
            side = getattr(self.image, name)
            require(
                side % fit.divisor == 0,
                f"image.{name}",
                side,
                f"a multiple of {fit.divisor} with architecture {self.model.architecture}",
            )
        cells = self.image.height * self.image.width // fit.divisor**2
        require(
            not fit.latent_map or self.model.latent_dim % cells == 0,
            "model.latent_dim",
            self.model.latent_dim,
            f"a multiple of {cells} with architecture {self.model.architecture} and images of "
            f"{self.image.height}x{self.image.width}, whose latent is a map",
        )
        require(
            list(self.labels) == sorted(set(self.labels)) and all(self.labels),
            "labels",
            self.labels,
            "different words, sorted, none empty",
        )

    @property
    def condition_names(self) -> tuple[str, ...]:
        """What each value of the condition stands for; empty without a condition."""
        names = {"label": self.labels, "attributes": self.attributes}
        return names.get(self.model.condition, ())

    def to_json(self) -> str:
        """One line with sorted keys, equal for equal settings."""
        return json.dumps(to_dict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str | None) -> TrainerConfig:
        """Reads `to_json` back; InputError where it is not JSON or not these settings."""
        try:
            values: Any = json.loads(text or "")
        except (TypeError, ValueError) as error:
            raise InputError(f"{SETTINGS}: not JSON ({error})") from None
        return parse(cls, values, SETTINGS)
