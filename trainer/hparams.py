"""The trainer's configuration: what goes as one JSON string into custom_config["settings"].

Standard library and data_prep.settings only, so that a config loads in milliseconds.
"""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

from data_prep.errors import InputError
from data_prep.settings import parse, require, to_dict

FAMILIES = ("vae",)
RECONSTRUCTIONS = ("bernoulli", "gaussian", "gaussian_learned")
# name -> what both sides of an image must be divisible by
ARCHITECTURES = {"conv_32": 8}

SETTINGS = "settings"  # keys of the Transform's and the Trainer's custom_config
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

    reconstruction: `bernoulli` (from logits), `gaussian` with the standard deviation
    `sigma` given in pixel units of [0, 1], or `gaussian_learned`, where `sigma` is the
    start of one learned value shared by all pixels.
    """

    family: str = "vae"
    architecture: str = "conv_32"
    latent_dim: int = 2
    beta: float = 1.0
    reconstruction: str = "bernoulli"
    sigma: float = 1.0

    def __post_init__(self) -> None:
        require(self.family in FAMILIES, "family", self.family, ", ".join(FAMILIES))
        require(
            self.architecture in ARCHITECTURES,
            "architecture",
            self.architecture,
            ", ".join(ARCHITECTURES),
        )
        require(1 <= self.latent_dim <= 4096, "latent_dim", self.latent_dim, "1 to 4096")
        require(_finite(self.beta) and self.beta >= 0, "beta", self.beta, "a number of at least 0")
        require(
            self.reconstruction in RECONSTRUCTIONS,
            "reconstruction",
            self.reconstruction,
            ", ".join(RECONSTRUCTIONS),
        )
        require(_finite(self.sigma) and self.sigma > 0, "sigma", self.sigma, "a number above 0")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How the model is trained (Adam)."""

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-3
    seed: int = 0  # of the weights, the batch order and the latent noise
    early_stopping_patience: int = 0  # epochs without a better val_loss; 0: never stop early
    cache_mib: int = 2048  # decoded images up to this size stay in memory after being read once
    mixed_precision: bool = True  # on GPU only

    def __post_init__(self) -> None:
        require(1 <= self.epochs <= 100_000, "epochs", self.epochs, "1 to 100000")
        require(1 <= self.batch_size <= 65_536, "batch_size", self.batch_size, "1 to 65536")
        require(
            _finite(self.learning_rate) and 0 < self.learning_rate <= 10,
            "learning_rate",
            self.learning_rate,
            "a number above 0, at most 10",
        )
        require(0 <= self.seed < 2**31, "seed", self.seed, "0 to 2147483647")
        require(
            self.early_stopping_patience >= 0,
            "early_stopping_patience",
            self.early_stopping_patience,
            "0 (never stop early) or more epochs",
        )
        require(self.cache_mib >= 0, "cache_mib", self.cache_mib, "0 (never) or more MiB")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainerSettings:
    """Everything the user functions of Transform and Trainer need to know.

    `labels` may stay empty: the words then come from the data. Given, they are the only
    words allowed, in this (sorted) order.
    """

    image: ImageShape = dataclasses.field(default_factory=ImageShape)
    model: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        divisor = ARCHITECTURES[self.model.architecture]
        for name in ("height", "width"):
            side = getattr(self.image, name)
            require(
                side % divisor == 0,
                f"image.{name}",
                side,
                f"a multiple of {divisor} with architecture {self.model.architecture}",
            )
        require(
            list(self.labels) == sorted(set(self.labels)) and all(self.labels),
            "labels",
            self.labels,
            "different words, sorted, none empty",
        )

    def to_json(self) -> str:
        """One line with sorted keys, equal for equal settings."""
        return json.dumps(to_dict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str | None) -> TrainerSettings:
        """Reads `to_json` back; InputError where it is not JSON or not these settings."""
        try:
            values: Any = json.loads(text or "")
        except (TypeError, ValueError) as error:
            raise InputError(f"{SETTINGS}: not JSON ({error})") from None
        return parse(cls, values, SETTINGS)


def effective_beta(
    *,
    reconstruction_weight: float,
    averaged_over: int = 1,
    kl_weight: float = 1.0,
    reconstruction: str = "bernoulli",
) -> float:
    """The beta that a published loss amounts to in this project's convention.

    The source writes `reconstruction_weight * mean + kl_weight * KL`, where the mean over
    `averaged_over` values is of binary cross-entropy ("bernoulli") or of squared error
    ("gaussian", whose NLL at sigma 1 is half the sum of squares). Dividing by the weight of
    the summed NLL leaves NLL + beta * KL. So a weight on the reconstruction acts as 1/beta:
    the larger, the less regularised.

    >>> effective_beta(reconstruction_weight=500, averaged_over=1024)
    2.048
    """
    nats_per_value = 1.0 if reconstruction == "bernoulli" else 0.5
    return kl_weight * averaged_over * nats_per_value / reconstruction_weight


def implied_sigma(model: ModelConfig) -> float | None:
    """The Gaussian noise that would give the same optimum at beta 1: sigma * sqrt(beta).

    SSE / (2 sigma^2) + beta KL is proportional to SSE / (2 beta sigma^2) + KL. None for a
    Bernoulli reconstruction, which has no sigma. For `gaussian_learned` it holds at the start.
    """
    if model.reconstruction == "bernoulli":
        return None
    return model.sigma * math.sqrt(model.beta)


def _finite(value: float) -> bool:
    return math.isfinite(value)
