"""The network whose features `cfid` compares: `python -m trainer.tuning.trial_features ARRAYS`.

It is trained once for a search, in a process of its own, and the same every time, so that trials
before and after a kill are measured alike.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from data_prep import features as names
from trainer.config import LABEL_INDEX
from trainer.config_parts import ExtractorConfig
from trainer.data.dataset import Arrays
from trainer.distribution import on_gpu
from trainer.measures.feature_network import (
    ATTRIBUTES,
    AUTOENCODER,
    LABEL,
    export_extractor,
    train_extractor,
)
from trainer.tuning.trial_data import read_arrays
from trainer.tuning.trial_process import end_with_parent, last_line, spawn_python

FOLDER = "extractor"  # below the arrays
_BATCH = 512

Features = Callable[[np.ndarray], np.ndarray]


def make_extractor(arrays: str) -> None:
    """Trains it on the images that trials learn from, and writes it beside them.

    Raises:
      RuntimeError: where that process fails.
    """
    with tempfile.TemporaryFile() as log:
        with spawn_python(["-m", "trainer.tuning.trial_features", arrays], output=log) as process:
            code = process.wait()
        if code:
            raise RuntimeError(f"the extractor for cfid was not trained: {last_line(log)}")


def read_extractor(arrays: str) -> Features | None:
    """uint8 [n, height, width, channels] -> float32 [n, features]; None where there is none."""
    directory = os.path.join(arrays, FOLDER)
    if not os.path.isdir(directory):
        return None
    loaded = tf.saved_model.load(directory)

    def features(images: np.ndarray) -> np.ndarray:
        parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
        found = [loaded.signatures["features"](image=tf.constant(part)) for part in parts]
        return np.concatenate([each["features"].numpy() for each in found])

    return features


def _train(arrays: str) -> None:
    if not on_gpu():
        tf.config.experimental.enable_op_determinism()
    config = ExtractorConfig()
    rows = {name: values[: config.images] for name, values in read_arrays(arrays, "train").items()}
    images, targets, kind, outputs = _task(rows)
    model = train_extractor(images, targets, kind, outputs, config)
    export_extractor(model, os.path.join(arrays, FOLDER))


def _task(rows: Arrays) -> tuple[np.ndarray, np.ndarray | None, str, int]:
    """What there is to learn: labels, else attributes, else the images themselves."""
    images = rows[names.IMAGE]
    index = rows.get(LABEL_INDEX, np.zeros(0, np.int64))
    known = index >= 0
    if len(np.unique(index[known])) > 1:
        return images[known], index[known], LABEL, int(index.max()) + 1
    if names.ATTRIBUTES in rows:
        attributes = rows[names.ATTRIBUTES].reshape(len(images), -1)
        return images, attributes, ATTRIBUTES, attributes.shape[1]
    return images, None, AUTOENCODER, 0


if __name__ == "__main__":
    end_with_parent()
    _train(*sys.argv[1:])
