"""The callback that records a training."""

from __future__ import annotations

import time
from collections.abc import Mapping

import keras

Epoch = dict[str, float]


class History(keras.callbacks.Callback):
    """The history of a training.

    `epochs`: one mapping an epoch with `epoch` (from 1), `seconds` and every metric.
    A resumed training starts with the epochs of the run before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[Epoch] = []
        self.began = 0.0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self.began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        seconds = round(time.monotonic() - self.began, 3)
        metrics = {name: float(value) for name, value in (logs or {}).items()}
        self.epochs.append({"epoch": epoch + 1, "seconds": seconds, **metrics})
