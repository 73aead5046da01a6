"""The epoch whose weights are exported: one rule, which early stopping shares."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import keras
import numpy as np

from trainer.config import TrainConfig, TrainerConfig
from trainer.training.callbacks import History


@dataclasses.dataclass(frozen=True, kw_only=True)
class EpochRule:
    """The definition of the best epoch of a training: the first with the lowest `metric`.

    metric: a name in the history; empty where nothing tells a better epoch from a worse one.
    first: the first epoch that counts, from 1. In a KL warm-up a loss falls short of the
      objective, so epochs trained under it do not count.
    without: the reason, in words, of an empty metric.
    """

    metric: str
    first: int = 1
    without: str = ""

    def best(self, history: History) -> int:
        """Returns the number of the best epoch so far, from 1; 0 before the first that counts."""
        if not self.metric:
            return 0
        values = [epoch[self.metric] for epoch in history.epochs[self.first - 1 :]]
        return self.first + int(np.argmin(values)) if values else 0


def epoch_rule(config: TrainerConfig, *, validated: bool) -> EpochRule:
    """Returns the rule of a training. `validated`: there is an eval split."""
    model = config.model
    metric = model.family_entry.best_by
    if not metric:
        words = f"none of the losses of family {model.family} says which epoch is best"
        return EpochRule(metric="", without=words)
    if not validated:
        return EpochRule(metric="", without="there is no eval split")
    return EpochRule(metric=metric, first=model.kl_warmup_epochs + 1)


class BestEpoch(keras.callbacks.Callback):
    """Keeps the weights of the best epoch, and stops the training `patience` epochs after it.

    Both follow from the history alone, so a resumed training decides alike. It comes after
    `History` in the list of callbacks.

    weights: of the best epoch; empty before it, and where the last epoch is to be exported.
    """

    def __init__(self, history: History, rule: EpochRule, train: TrainConfig) -> None:
        super().__init__()
        self.history = history
        self.rule = rule
        self.patience = train.early_stopping_patience
        self.keeps = train.exported_epoch == "best"
        self.weights: list[np.ndarray] = []

    @property
    def exhausted(self) -> bool:
        best = self.rule.best(self.history)
        waited = len(self.history.epochs) - best
        return bool(best and self.patience) and waited >= self.patience

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        if self.keeps and self.rule.best(self.history) == len(self.history.epochs):
            self.weights = self.model.get_weights()
        if self.exhausted:
            self.model.stop_training = True


@dataclasses.dataclass(frozen=True)
class Exported:
    """The exported epoch, from 1, and why it is that one, in words."""

    epoch: int
    reason: str


def set_exported_weights(model: keras.Model, best: BestEpoch) -> Exported:
    """Gives a trained model the weights that are exported; returns their epoch."""
    history, rule = best.history, best.rule
    final = len(history.epochs)
    if not best.keeps:
        return Exported(final, "the last, as train.exported_epoch asks")
    if not rule.metric:
        return Exported(final, f"the last: {rule.without}")
    epoch = rule.best(history)
    if not epoch:
        return Exported(final, "the last: no epoch came after the KL warm-up")
    model.set_weights(best.weights)
    values = [history.epochs[number - 1][rule.metric] for number in (epoch, final)]
    reason = f"lowest {rule.metric}, {values[0]:.2f}"
    if rule.first > 1:
        reason += f", after {rule.first - 1} epochs of KL warm-up"
    if epoch != final:
        reason += f"; the last stood at {values[1]:.2f}"
    return Exported(epoch, reason)
