"""Trains the feature network of a search that minimises `cfid`:
`python -m trainer.tuning.train_feature_network ARRAYS`.

It is trained once for a search, in a process of its own, and the same every time, so that trials
before and after a kill are measured alike.
"""

from __future__ import annotations

import os
import sys
import tempfile

import numpy as np
import tensorflow as tf

from data_prep import features as names
from trainer.config import LABEL_INDEX, FeatureNetworkConfig
from trainer.data.dataset import Arrays
from trainer.measures.feature_network import (
    FeatureNetwork,
    Task,
    choose_task,
    export_feature_network,
    train_feature_network,
)
from trainer.training.distribution import on_gpu
from trainer.tuning.trial_data import read_arrays
from trainer.tuning.trial_process import end_with_parent, last_line, spawn_python

FOLDER = "extractor"  # below the arrays


def train_in_process(arrays: str) -> None:
    """Trains the network on the images that trials learn from, and writes it beside them.

    RuntimeError where that process fails.
    """
    with tempfile.TemporaryFile() as log:
        with spawn_python(["-m", __name__, arrays], output=log) as process:
            code = process.wait()
        if code:
            raise RuntimeError(f"the extractor for cfid was not trained: {last_line(log)}")


def load_feature_network(arrays: str) -> FeatureNetwork | None:
    """Returns the network of a search; None where it has none."""
    directory = os.path.join(arrays, FOLDER)
    return FeatureNetwork(directory) if os.path.isdir(directory) else None


def _train(arrays: str) -> None:
    if not on_gpu():
        tf.config.experimental.enable_op_determinism()
    config = FeatureNetworkConfig()
    rows = {name: values[: config.images] for name, values in read_arrays(arrays, "train").items()}
    model = train_feature_network(_task(rows), config)
    export_feature_network(model, os.path.join(arrays, FOLDER), {})


def _task(arrays: Arrays) -> Task:
    """Returns the task of the arrays of a search, whose labels are known by index alone."""
    images = arrays[names.IMAGE]
    index = arrays.get(LABEL_INDEX, np.full(len(images), -1))
    labels = len(np.unique(index[index >= 0]))
    attributes = arrays.get(names.ATTRIBUTES, np.zeros((len(images), 0), np.int64))
    count = int(index.max()) + 1 if labels > 1 else 0
    return choose_task(images, index, count, attributes.reshape(len(images), -1))


if __name__ == "__main__":
    end_with_parent()
    _train(*sys.argv[1:])
