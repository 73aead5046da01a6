"""Callbacks that record a training: its history and its best weights."""

from __future__ import annotations

import time
from collections.abc import Mapping

import keras
import numpy as np

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


class EarlyStopping(keras.callbacks.Callback):
    """Stops when val_loss has not improved for `patience` epochs, and keeps the best weights.

    The decision follows from the history alone, so a resumed training decides alike. It
    comes after `History` in the list of callbacks.
    """

    def __init__(self, history: History, patience: int) -> None:
        super().__init__()
        self.history = history
        self.patience = patience
        self.best_weights: list[np.ndarray] = []

    @property
    def best_epoch(self) -> int:
        """The number of the best epoch, from 1; the first of equals; 0 before the first epoch."""
        values = [epoch["val_loss"] for epoch in self.history.epochs]
        return int(np.argmin(values)) + 1 if values else 0

    @property
    def exhausted(self) -> bool:
        return bool(self.best_epoch) and len(self.history.epochs) - self.best_epoch >= self.patience

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        if self.best_epoch == len(self.history.epochs):
            self.best_weights = self.model.get_weights()
        if self.exhausted:
            self.model.stop_training = True
