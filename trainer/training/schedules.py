"""The values that change from epoch to epoch: the learning rate and the weight of the KL.

Both are functions of the epoch and of the history, so a resumed training goes on alike. The
learning-rate schedules stand in the registry `trainer.config.choices.SCHEDULES`; each takes the
TrainConfig, the number of the epoch, from 0, and the losses that the epochs before it ended with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import keras

from trainer.config import ModelConfig, TrainConfig
from trainer.config.choices import SCHEDULES
from trainer.training.callbacks import History


class Schedules(keras.callbacks.Callback):
    """Sets both before every epoch. `history` holds the epochs before it."""

    def __init__(self, history: History, model: ModelConfig, train: TrainConfig) -> None:
        super().__init__()
        self.history = history
        self.model_config = model
        self.train_config = train

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        losses = [finished.get("val_loss", finished["loss"]) for finished in self.history.epochs]
        self.model.optimizer.learning_rate = learning_rate(self.train_config, epoch, losses)
        self.model.kl_scale.assign(kl_scale(self.model_config.kl_warmup_epochs, epoch))


def learning_rate(train: TrainConfig, epoch: int, losses: Sequence[float]) -> float:
    """Returns the rate of an epoch under the configured schedule."""
    return SCHEDULES[train.learning_rate_schedule](train, epoch, losses)


def constant(train: TrainConfig, epoch: int, losses: Sequence[float]) -> float:
    """Returns train.learning_rate."""
    return train.learning_rate


def cosine(train: TrainConfig, epoch: int, losses: Sequence[float]) -> float:
    """Returns half a cosine, from train.learning_rate to 0 after the last epoch."""
    return train.learning_rate * 0.5 * (1.0 + math.cos(math.pi * epoch / train.epochs))


def plateau(train: TrainConfig, epoch: int, losses: Sequence[float]) -> float:
    """Returns the rate after a drop by train.plateau_factor at each plateau of the losses."""
    return train.learning_rate * train.plateau_factor ** plateaus(losses, train.plateau_patience)


def plateaus(losses: Sequence[float], patience: int) -> int:
    """Counts how often the loss has gone `patience` epochs without falling below its best so far.

    The epochs are counted anew after each time.
    """
    best, waited, count = math.inf, 0, 0
    for loss in losses:
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited == patience:
            count, waited = count + 1, 0
    return count


def kl_scale(warmup_epochs: int, epoch: int) -> float:
    """Returns the factor of beta in an epoch, from 0: linear to 1 (Sonderby et al. 2016)."""
    return min(1.0, epoch / warmup_epochs) if warmup_epochs else 1.0
