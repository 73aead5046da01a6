"""The configuration of the adversarial part. Standard library only."""

from __future__ import annotations

import dataclasses

from data_prep.config_base import at_least, one_of, positive, require

SIMILARITIES = ("cross_entropy", "squared_error")
TURNS = ("together", "thresholds", "equilibrium")


@dataclasses.dataclass(frozen=True, kw_only=True)
class GanConfig:
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

    gamma: float = 1.0
    similarity: str = "cross_entropy"
    decoder_rate: float = 1.0
    discriminator_rate: float = 1.0
    turns: str = "equilibrium"
    discriminator_until: float = 1.0
    generator_until: float = 0.4
    inner_steps: int = 3
    equilibrium: float = 0.68
    margin: float = 0.4

    def __post_init__(self) -> None:
        at_least(self, 0, "gamma", "discriminator_until", "generator_until", "margin")
        positive(self, "decoder_rate", "discriminator_rate", "equilibrium")
        one_of(self, "similarity", SIMILARITIES)
        one_of(self, "turns", TURNS)
        require(1 <= self.inner_steps <= 1000, "inner_steps", self.inner_steps, "1 to 1000")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExtractorConfig:
    """steps: batches of `batch_size` images that it learns from; so the time it takes does
      not depend on the data set's size.
    images: of the training split, at most; they are held in memory.
    seed: of its weights and of the order of the images.
    """

    steps: int = 400
    batch_size: int = 64
    images: int = 20_000
    seed: int = 0

    def __post_init__(self) -> None:
        require(1 <= self.steps <= 100_000, "steps", self.steps, "1 to 100000")
        require(1 <= self.batch_size <= 4096, "batch_size", self.batch_size, "1 to 4096")
        require(1 <= self.images <= 1_000_000, "images", self.images, "1 to 1000000")
        require(0 <= self.seed < 2**31, "seed", self.seed, "0 to 2147483647")
