"""The configs that others are composed of: images, the adversarial part, the feature network."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from data_prep.config_base import Above, AtLeast, Between, Config, OneOf, Seed

SIMILARITIES = ("cross_entropy", "squared_error")
UPDATE_SCHEDULES = ("together", "thresholds", "equilibrium")
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
    similarity: Annotated[str, OneOf(SIMILARITIES)] = "cross_entropy"
    decoder_rate: Annotated[float, Above(0)] = 1.0
    discriminator_rate: Annotated[float, Above(0)] = 1.0
    turns: Annotated[str, OneOf(UPDATE_SCHEDULES)] = "equilibrium"
    discriminator_until: Annotated[float, AtLeast(0)] = 1.0
    generator_until: Annotated[float, AtLeast(0)] = 0.4
    inner_steps: Annotated[int, Between(1, 1000)] = 3
    equilibrium: Annotated[float, Above(0)] = 0.68
    margin: Annotated[float, AtLeast(0)] = 0.4


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
