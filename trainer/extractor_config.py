"""How the network behind feature distances is trained."""

from __future__ import annotations

import dataclasses

from data_prep.settings import require


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
