"""What changes from epoch to epoch: the learning rate and the weight of the KL.

Both are functions of the epoch and of the history, so a resumed training goes on alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import keras

from trainer.config import ModelConfig, TrainConfig
from trainer.training.callbacks import History


class Schedules(keras.callbacks.Callback):
    """Sets both before every epoch. `history` holds the epochs before it."""

    def __init__(self, history: History, model: ModelConfig, train: TrainConfig) -> None:
        super().__init__()
        self.history = history
        self.config = model
        self.train = train

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        epochs = self.history.epochs
        losses = [each.get("val_loss", each["loss"]) for each in epochs]
        self.model.optimizer.learning_rate = learning_rate(self.train, epoch, losses)
        self.model.kl_scale.assign(kl_scale(self.config.kl_warmup_epochs, epoch))


def learning_rate(train: TrainConfig, epoch: int, losses: Sequence[float]) -> float:
    """The rate of an epoch, from 0, when the epochs before it ended with these losses."""
    if train.learning_rate_schedule == "cosine":
        return train.learning_rate * 0.5 * (1.0 + math.cos(math.pi * epoch / train.epochs))
    if train.learning_rate_schedule == "plateau":
        drops = plateaus(losses, train.plateau_patience)
        return train.learning_rate * train.plateau_factor**drops
    return train.learning_rate


def plateaus(losses: Sequence[float], patience: int) -> int:
    """How often the loss has gone `patience` epochs without falling below its best so far.

    The count starts again after each time.
    """
    best, waited, found = math.inf, 0, 0
    for loss in losses:
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited == patience:
            found, waited = found + 1, 0
    return found


def kl_scale(warmup_epochs: int, epoch: int) -> float:
    """The factor of beta in an epoch, from 0: linear from 0 to 1 (Sonderby et al. 2016)."""
    return min(1.0, epoch / warmup_epochs) if warmup_epochs else 1.0
