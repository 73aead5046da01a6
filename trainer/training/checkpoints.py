"""Checkpoints: a killed training goes on after its last finished epoch, to the same weights."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from trainer.training.best_epoch import BestEpoch

CHECKPOINT = "checkpoint.npz"


class Checkpoint(keras.callbacks.Callback):
    """Saves the training after every epoch, so that it ends with the same weights after a kill.

    One file holds all that they depend on: weights, the state of every seed generator, the
    optimizer, the history and the best weights so far. The order of the batches needs no state,
    being a function of (seed, epoch). The callback comes after `History` and `BestEpoch`.
    """

    def __init__(self, directory: str, best: BestEpoch) -> None:
        super().__init__()
        self.directory = directory
        self.path = os.path.join(directory, CHECKPOINT)
        self.best = best
        self.history = best.history

    def restore(self, model: keras.Model) -> int:
        """Restores a compiled model; returns the finished epochs, 0 without a checkpoint."""
        if not tf.io.gfile.exists(self.path):
            return 0
        with tf.io.gfile.GFile(self.path, "rb") as file:
            arrays = dict(np.load(io.BytesIO(file.read())))
        for name, variable in _state(model).items():
            variable.assign(arrays[name])
        self.history.epochs = json.loads(arrays["history"].tobytes())
        kept = [name for name in sorted(arrays) if name.startswith("best/")]
        self.best.weights = [arrays[name] for name in kept]
        return len(self.history.epochs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        arrays = {
            name: keras.ops.convert_to_numpy(variable.value)
            for name, variable in _state(self.model).items()
        }
        arrays["history"] = np.frombuffer(json.dumps(self.history.epochs).encode(), np.uint8)
        arrays |= {f"best/{i:06}": w for i, w in enumerate(self.best.weights)}
        content = io.BytesIO()
        np.savez(content, **arrays)
        tf.io.gfile.makedirs(self.directory)
        with tf.io.gfile.GFile(self.path + ".part", "wb") as file:
            file.write(content.getvalue())
        tf.io.gfile.rename(self.path + ".part", self.path, overwrite=True)

    def remove(self) -> None:
        if tf.io.gfile.exists(self.directory):
            tf.io.gfile.rmtree(self.directory)


def checkpoint_directory(root: str, **parts: Any) -> str:
    """Returns <root>/<hash of the parts>: the config, data and code that decide the result."""
    text = json.dumps(parts, sort_keys=True)
    return os.path.join(root, hashlib.sha256(text.encode()).hexdigest()[:20])


def _state(model: keras.Model) -> dict[str, keras.Variable]:
    """Returns every variable that training changes, seed generators included, by a stable name."""
    groups = {"model": model.variables, "optimizer": model.optimizer.variables}
    return {
        f"{group}/{index:06}": variable
        for group, variables in groups.items()
        for index, variable in enumerate(variables)
    }
