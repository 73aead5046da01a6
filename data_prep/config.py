"""The configuration of a preparation: what `latentforge prep` takes, typed."""

from __future__ import annotations

import dataclasses
import os
from typing import Annotated

from data_prep.config_base import AtLeast, Between, Config, OneOf, Seed, require
from data_prep.source_registry import source_names

RASTERIZERS = ("official", "book")
LISTS = ("attributes", "identities", "partition")  # fields that are paths
SPLIT_BY = ("auto", "key", "identity", "partition")
MAX_SIDE = 1024
ImageSide = Annotated[int, Between(8, MAX_SIDE, f"a side of 8 to {MAX_SIDE} pixels")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PrepConfig(Config):
    """Everything that decides the bytes of the shards, given the same input files.

    Neither the output path nor anything about the runner belongs here: two runs with
    equal configs and inputs write equal bytes. A source uses some of the fields alone.
    """

    source: Annotated[str, OneOf(source_names)]
    image_size: ImageSide = 28  # side in pixels; idx and cifar10 keep their own
    splits: tuple[float, float, float] = (0.8, 0.1, 0.1)  # shares of train, eval, test
    # auto: identity where identities are given, else key
    split_by: Annotated[str, OneOf(SPLIT_BY)] = "auto"
    seed: Annotated[int, Between(0, 2**63 - 1, "a whole number of at least 0")] = 0  # of the split
    shards: Annotated[int, Between(0, 99_999, "0 (from the size) to 99999")] = 0  # a split
    max_reject_rate: Annotated[float, Between(0, 1, "a fraction from 0 to 1")] = 0.01
    words: tuple[str, ...] = ()  # labels to keep; empty: all
    per_label: Annotated[int, AtLeast(0, "0 (all) or more")] = 0  # at most that many a label

    # Quick Draw
    rasterizer: Annotated[str, OneOf(RASTERIZERS)] = "official"
    recognized_only: bool = False

    # Encoded images. The crop is a centred square; -1 is the largest (image folders).
    crop: Annotated[int, AtLeast(-1, "-1 (largest square), 0 (none) or pixels")] = 0
    channels: Annotated[int, OneOf((1, 3), "1 (gray) or 3 (RGB)")] = 3  # image folders
    attributes: str = ""  # paths of CelebA's lists, .txt or .csv
    identities: str = ""
    partition: str = ""

    # IDX. Images are padded to that side with background.
    pad: Annotated[int, Between(0, MAX_SIDE, f"0 (none) to {MAX_SIDE}")] = 0
    label_names: tuple[str, ...] = ()  # of the classes 0, 1, …; empty: their numbers

    def __post_init__(self) -> None:
        super().__post_init__()
        allowed = "32 with the book rasterizer, which divides coordinates by 8"
        drawable = self.rasterizer != "book" or self.image_size == 32
        require(drawable, "image_size", self.image_size, allowed)
        require(all(self.words), "words", self.words, "words that are not empty")
        allowed = "three shares (train, eval, test) of at least 0 that add up to 1, train above 0"
        positive = all(share >= 0 for share in self.splits) and self.splits[0] > 0
        require(positive and abs(sum(self.splits) - 1) < 1e-9, "splits", self.splits, allowed)
        names = self.label_names
        different = len(set(names)) == len(names) and all(names)
        require(different, "label_names", names, "different names that are not empty")

    def with_absolute_lists(self) -> PrepConfig:
        """Returns a copy whose lists are the same whatever the working directory is."""
        paths = {name: getattr(self, name) for name in LISTS}
        local = {name: path for name, path in paths.items() if path and "://" not in path}
        return dataclasses.replace(self, **{n: os.path.abspath(p) for n, p in local.items()})

    @property
    def lists(self) -> tuple[str, ...]:
        """The paths of the lists that are named."""
        return tuple(path for name in LISTS if (path := getattr(self, name)))


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleConfig(Config):
    """The size and seed of the synthetic data of the sources `sample` and `sample_faces`."""

    per_word: Annotated[int, Between(10, 1_000_000)] = 2000  # drawings
    faces: Annotated[int, Between(100, 999_999)] = 4000
    seed: Seed = 0
