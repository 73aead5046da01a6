"""The configuration of parts of a model: its adversarial part, and the feature network."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from data_prep.config_base import Above, AtLeast, Between, Config, OneOf, Seed

SIMILARITIES = ("cross_entropy", "squared_error")
TURNS = ("together", "thresholds", "equilibrium")


@dataclasses.dataclass(frozen=True, kw_only=True)
class GanConfig(Config):
    """The adversarial part of the family vae_gan (Larsen et al. 2016, arXiv 1512.09300).

    gamma: weight of the feature loss against the adversarial one in the decoder's loss.
    similarity: of the discriminator's l-layer: `squared_error` (the paper) or
      `cross_entropy` of sigmoids.
    decoder_rate, discriminator_rate: learning rates, as multiples of train.learning_rate.
    turns: who learns in a step; L is the discriminator's loss, ln 2 = 0.69 where it guesses.
      `together`: everybody.
      `thresholds`: the discriminator alone until L < discriminator_until, then encoder and
        decoder until L > generator_until, each for at most inner_steps steps.
      `equilibrium`: the discriminator rests while it is too good (its cross-entropy on
        real and on made images both below equilibrium - margin), encoder and decoder while it
        is too bad (either above equilibrium + margin); everybody learns if both would rest.
    """

    gamma: Annotated[float, AtLeast(0)] = 1.0
    similarity: Annotated[str, OneOf(SIMILARITIES)] = "cross_entropy"
    decoder_rate: Annotated[float, Above(0)] = 1.0
    discriminator_rate: Annotated[float, Above(0)] = 1.0
    turns: Annotated[str, OneOf(TURNS)] = "equilibrium"
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
