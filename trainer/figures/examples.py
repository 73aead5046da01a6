"""The examples: images that the figures of a training follow."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from data_prep import features
from trainer.config import LABEL_INDEX
from trainer.data.dataset import DataSplit, make_dataset

MOST = 1000
MOST_BYTES = 64 * 2**20


class Examples(NamedTuple):
    """Images with their labels and the other inputs of the model."""

    batch: dict[str, np.ndarray]  # `image`, uint8 [n, h, w, c], and what else the model takes
    labels: tuple[str, ...]  # of each image; empty strings where the data has none
    names: tuple[str, ...]  # every label of the data, sorted

    @property
    def images(self) -> np.ndarray:
        return self.batch[features.IMAGE]


def read_examples(source: DataSplit, names: tuple[str, ...]) -> Examples:
    """Reads the first images of a split with at least one record, in the order of its files.

    names: the labels of the data, sorted; empty where it has none.
    """
    if names:
        inputs = tuple(dict.fromkeys((*source.features, LABEL_INDEX)))
        source = dataclasses.replace(source, features=inputs)
    count = max(1, min(MOST, MOST_BYTES // source.image.size))
    batch = next(make_dataset(source, batch_size=count, cache_mib=0).as_numpy_iterator())
    if not names:
        return Examples(batch, ("",) * len(batch[features.IMAGE]), ())
    labels = tuple(names[index] if index >= 0 else "" for index in batch[LABEL_INDEX])
    return Examples(batch, labels, names)
