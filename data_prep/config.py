"""The options that shape a prepared data set: what `latentforge prep` takes, typed."""

from __future__ import annotations

import dataclasses
import os

from data_prep.config_base import require

SOURCES = ("quickdraw", "sample", "celeba", "sample_faces", "idx", "cifar10", "image_folder")
RASTERIZERS = ("official", "book")
LISTS = ("attributes", "identities", "partition")  # options that are paths
SPLIT_BY = ("auto", "key", "identity", "partition")
MAX_SIDE = 1024
LISTS = ("attributes", "identities", "partition")  # options that are paths


@dataclasses.dataclass(frozen=True, kw_only=True)
class PrepConfig:
    """Everything that decides the bytes of the shards, given the same input files.

    Neither the output path nor anything about the runner belongs here: two runs with
    equal options and inputs write equal bytes.
    """

    source: str
    image_size: int = 28  # side in pixels; idx and cifar10 keep their own
    splits: tuple[float, float, float] = (0.8, 0.1, 0.1)  # train, eval, test
    # auto: identity where identities are given, else key
    split_by: str = "auto"
    seed: int = 0  # of the split hash
    shards: int = 0  # a split; 0: from the input's size
    max_reject_rate: float = 0.01
    words: tuple[str, ...] = ()  # labels to keep; empty: all
    per_label: int = 0  # at most that many a label; 0: all

    # Quick Draw
    rasterizer: str = "official"
    recognized_only: bool = False

    # Pictures
    crop: int = 0  # pixels of a centred square; 0: none; -1: the largest (image folders)
    channels: int = 3  # image folders: 3 RGB, 1 gray
    attributes: str = ""  # paths of CelebA's lists, .txt or .csv
    identities: str = ""
    partition: str = ""

    # IDX
    pad: int = 0  # side to pad to with background; 0: none
    label_names: tuple[str, ...] = ()  # of the classes 0, 1, …; empty: their numbers

    def __post_init__(self) -> None:
        require(self.source in SOURCES, "source", self.source, ", ".join(SOURCES))
        require(
            8 <= self.image_size <= MAX_SIDE,
            "image_size",
            self.image_size,
            f"a side of 8 to {MAX_SIDE} pixels",
        )
        require(
            self.rasterizer in RASTERIZERS, "rasterizer", self.rasterizer, ", ".join(RASTERIZERS)
        )
        require(
            self.rasterizer != "book" or self.image_size == 32,
            "image_size",
            self.image_size,
            "32 with the book rasterizer, which divides coordinates by 8",
        )
        require(all(self.words), "words", self.words, "words that are not empty")
        require(self.per_label >= 0, "per_label", self.per_label, "0 (all) or more")
        require(
            all(share >= 0 for share in self.splits)
            and self.splits[0] > 0
            and abs(sum(self.splits) - 1) < 1e-9,
            "splits",
            self.splits,
            "three shares (train, eval, test) of at least 0 that add up to 1, train above 0",
        )
        require(self.split_by in SPLIT_BY, "split_by", self.split_by, ", ".join(SPLIT_BY))
        require(0 <= self.seed < 2**63, "seed", self.seed, "a whole number of at least 0")
        require(0 <= self.shards <= 99_999, "shards", self.shards, "0 (from the size) to 99999")
        require(
            0 <= self.max_reject_rate <= 1,
            "max_reject_rate",
            self.max_reject_rate,
            "a fraction from 0 to 1",
        )
        require(self.crop >= -1, "crop", self.crop, "-1 (largest square), 0 (none) or pixels")
        require(self.channels in (1, 3), "channels", self.channels, "1 (gray) or 3 (RGB)")
        require(0 <= self.pad <= MAX_SIDE, "pad", self.pad, f"0 (none) to {MAX_SIDE}")
        require(
            len(set(self.label_names)) == len(self.label_names) and all(self.label_names),
            "label_names",
            self.label_names,
            "different names that are not empty",
        )

    def with_absolute_lists(self) -> PrepConfig:
        """The same lists whatever the working directory is."""
        paths = {name: getattr(self, name) for name in LISTS}
        local = {name: path for name, path in paths.items() if path and "://" not in path}
        return dataclasses.replace(self, **{n: os.path.abspath(p) for n, p in local.items()})

    @property
    def lists(self) -> tuple[str, ...]:
        """Paths of the lists that are given."""
        return tuple(path for name in LISTS if (path := getattr(self, name)))
