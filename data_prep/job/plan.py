"""The plan of a preparation: all that is decided before a record is read."""

from __future__ import annotations

import dataclasses
import json
import math
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np

from data_prep.config import PrepConfig
from data_prep.features import SPLITS
from data_prep.filesystem import InputFile, create, join, publish
from data_prep.layout import REPORTS, STAGING, shard_path
from data_prep.sources.base import Reader

# A shard is sorted and its repeats removed in memory, so it is bounded both ways.
TARGET_RECORDS = 16_384
TARGET_BYTES = 128 << 20  # of raw pixels


@dataclasses.dataclass(frozen=True)
class Plan:
    """The reader, the config and the shards of a preparation; pickled to every worker."""

    reader: Reader
    config: PrepConfig
    output: str
    shards: tuple[int, ...]  # a split, in the order of SPLITS; 0 where the split has no share

    @property
    def staging(self) -> str:
        """The folder of files that are gone when the preparation is complete."""
        return join(self.output, STAGING)

    @property
    def splits(self) -> list[str]:
        """The splits that have a share of the records."""
        return [split for split, count in zip(SPLITS, self.shards, strict=True) if count]

    @property
    def total_shards(self) -> int:
        return sum(self.shards)

    def shard_path(self, shard: int) -> str:
        """Returns the path, relative to the output, of a shard numbered over all splits."""
        for split, count in zip(SPLITS, self.shards, strict=True):
            if shard < count:
                return shard_path(split, shard, count)
            shard -= count
        raise IndexError(shard)

    def shard_of(self, hashes: np.ndarray, split: np.ndarray) -> np.ndarray:
        """Returns int64 [n] shard numbers from key hashes [n, 2] and split indices [n]."""
        counts = np.array(self.shards, np.uint64)
        first = np.concatenate([[0], np.cumsum(self.shards)[:-1]]).astype(np.int64)
        return first[split] + (hashes[:, 1] % counts[split]).astype(np.int64)


def make_plan(reader: Reader, config: PrepConfig, files: Sequence[InputFile], output: str) -> Plan:
    """Sizes the shards from the input's size alone, so that no pass over the data is needed."""
    records = reader.estimate(files)
    target = max(1024, min(TARGET_RECORDS, TARGET_BYTES // reader.image.size))
    counts = []
    for share in reader.shares:
        count = config.shards or max(1, math.ceil(records * share / target))
        counts.append(count if share > 0 else 0)
    return Plan(reader, config, output, tuple(counts))


def write_report(plan: Plan, name: str, report: dict[str, Any]) -> None:
    """Leaves a JSON report in the staging folder for the driver; a repeat replaces it."""
    partial = join(plan.staging, f"report-{uuid.uuid4().hex}.part")
    with create(partial) as stream:
        stream.write(json.dumps(report).encode())
    publish(partial, join(plan.staging, REPORTS, name))
