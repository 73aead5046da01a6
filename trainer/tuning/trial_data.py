"""The fraction of the data that trials use, as arrays on disk.

Reading it once spares every trial the transform graph; a trial's process then starts with the
arrays alone.
"""

from __future__ import annotations

import dataclasses
import math
import os

import numpy as np
import tensorflow_transform as tft

from data_prep import features as names
from data_prep.config_base import require
from data_prep.errors import InputError
from trainer.config import LABEL_INDEX
from trainer.data.dataset import Arrays, load
from trainer.data.training_inputs import TrainingInputs
from trainer.tuning.config import TunerConfig


def draw_rows(records: int, count: int, seed: int) -> np.ndarray:
    """Draws sorted positions of `count` records, int64; a larger count includes a smaller one's."""
    return np.sort(np.random.default_rng(seed).permutation(records)[:count])


def counts(inputs: TrainingInputs, config: TunerConfig) -> dict[str, int]:
    """Returns the number of images of each split that the trials use.

    Refuses data with none to measure on, or with fewer than a batch to learn from.
    """
    if not inputs.records["eval"]:
        raise InputError("examples: the eval split is empty, on which the tuner measures trials")
    numbers = {
        "train": math.ceil(config.data_fraction * inputs.records["train"]),
        "eval": min(config.eval_images, inputs.records["eval"]),
    }
    key, largest = "train.batch_size", inputs.config.train.batch_size
    if values := config.space.batch_size:
        key, largest = "tuner.space.batch_size", int(max(values.choices or (values.max or 0,)))
    words = f"at most the {numbers['train']} images that trials learn from"
    require(largest <= numbers["train"], key, largest, words)
    return numbers


def write_arrays(
    inputs: TrainingInputs, transform: tft.TFTransformOutput, config: TunerConfig, directory: str
) -> None:
    """Writes <directory>/<split>/<feature>.npy: images uint8, labels and attributes int64."""
    features = [names.IMAGE]
    features += [LABEL_INDEX] if inputs.config.labels else []
    features += [names.ATTRIBUTES] if inputs.config.attributes else []
    for split, count in counts(inputs, config).items():
        source = dataclasses.replace(inputs.source(transform, split), features=tuple(features))
        arrays = load(source, draw_rows(source.records, count, config.seed))
        folder = os.path.join(directory, split)
        os.makedirs(folder, exist_ok=True)
        for name, values in arrays.items():
            np.save(os.path.join(folder, name), values)


def read_arrays(directory: str, split: str) -> Arrays:
    """Reads a split: {feature: array [n, ...]}."""
    folder = os.path.join(directory, split)
    return {
        os.path.splitext(name)[0]: np.load(os.path.join(folder, name))
        for name in sorted(os.listdir(folder))
    }
