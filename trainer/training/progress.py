"""The progress of a training, as records of the logger `latentforge.progress`.

Each record carries `progress`, a `TrainingProgress`, as an extra attribute, so that a
terminal can draw it. An epoch's end is INFO with a readable message, a step is DEBUG.
"""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from collections.abc import Mapping

import keras

LOGGER = logging.getLogger("latentforge.progress")
STEP_INTERVAL = 0.5  # seconds between two records of steps


class TrainingDiverged(RuntimeError):
    """The error of a training whose loss is not a finite number any more."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingProgress:
    """The progress of a training at a step or at the end of an epoch.

    `metrics` are means over the epoch so far; at the end of an epoch val_* are among them.
    """

    epoch: int  # from 1
    epochs: int
    step: int  # finished, of this epoch
    steps: int
    epoch_ended: bool
    seconds: float  # since the epoch began
    metrics: Mapping[str, float]

    def __str__(self) -> str:
        shown = ("loss", "reconstruction_loss", "kl_loss", "val_loss", "val_elbo")
        values = "  ".join(f"{n} {self.metrics[n]:.2f}" for n in shown if n in self.metrics)
        return f"epoch {self.epoch}/{self.epochs}  {self.seconds:.1f} s  {values}"


class ProgressReporter(keras.callbacks.Callback):
    """Reports steps and epochs, and stops the training when the loss is not finite."""

    async_safe = True  # a step need not wait until its metrics have been looked at

    def __init__(self, epochs: int, steps: int, learning_rate: float) -> None:
        super().__init__()
        self.epochs = epochs
        self.steps = steps
        self.learning_rate = learning_rate
        self.epoch = 0
        self.began = self.reported = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self.epoch = epoch
        self.began = self.reported = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        self._check(logs or {})
        if time.monotonic() - self.reported >= STEP_INTERVAL:
            self.reported = time.monotonic()
            self._report(logging.DEBUG, batch + 1, logs or {})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._check(logs or {})
        self._report(logging.INFO, self.steps, logs or {})

    def _check(self, logs: Mapping[str, float]) -> None:
        for name in ("loss", "val_loss"):
            if not math.isfinite(logs.get(name, 0.0)):
                raise TrainingDiverged(
                    f"training diverged: {name} is {logs[name]} in epoch {self.epoch + 1} of "
                    f"{self.epochs}; try a smaller train.learning_rate than {self.learning_rate:g}"
                )

    def _report(self, level: int, step: int, metrics: Mapping[str, float]) -> None:
        progress = TrainingProgress(
            epoch=self.epoch + 1,
            epochs=self.epochs,
            step=step,
            steps=self.steps,
            epoch_ended=level == logging.INFO,
            seconds=time.monotonic() - self.began,
            metrics=dict(metrics),
        )
        LOGGER.log(level, "%s", progress, extra={"progress": progress})
