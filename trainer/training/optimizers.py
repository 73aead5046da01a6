"""Several optimizers in one, for losses that several players have."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from trainer.config.choices import OPTIMIZERS
from trainer.config.imported import load


def make_optimizer(model: Any, name: str, learning_rate: float) -> keras.optimizers.Optimizer:
    """The optimizer of a model, built: one, or one for each of its players."""
    shares = getattr(model, "players", None)
    if shares is None:
        optimizer = OPTIMIZERS[name](learning_rate)
    else:
        resting = _resting(load(OPTIMIZERS[name]))
        optimizer = MultiOptimizer(
            [
                OptimizerGroup(resting(learning_rate * rate, name=player), weights, rate)
                for player, (weights, rate) in shares.items()
            ]
        )
    optimizer.build(model.trainable_variables)
    return optimizer


@dataclasses.dataclass(frozen=True)
class OptimizerGroup:
    """rate: its learning rate as a multiple of the first player's."""

    optimizer: keras.optimizers.Optimizer
    weights: list[keras.Variable]
    rate: float


class MultiOptimizer(keras.optimizers.Optimizer):
    """Each player's weights are moved by an optimizer of its own.

    `learning_rate` is the first player's; setting it sets all.
    """

    def __init__(self, players: Sequence[OptimizerGroup]) -> None:
        super().__init__(learning_rate=0.0, name="players")
        self.players = list(players)

    def build(self, variables: Sequence[keras.Variable]) -> None:
        for player in self.players:
            player.optimizer.build(player.weights)
        super().build(list(variables))

    @property
    def variables(self) -> list[keras.Variable]:
        theirs = [v for player in self.players for v in player.optimizer.variables]
        return [*super().variables, *theirs]

    @property
    def learning_rate(self) -> Any:
        return self.players[0].optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: float) -> None:
        for player in self.players:
            player.optimizer.learning_rate = learning_rate * player.rate

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        if trainable_variables is None:
            trainable_variables = self._trainable_variables
        found = {
            id(weight): gradient
            for weight, gradient in zip(trainable_variables, grads, strict=True)
        }
        for player in self.players:
            player.optimizer.apply([found[id(w)] for w in player.weights], player.weights)
        self._iterations.assign_add(1)


def _resting(base: type[keras.optimizers.Optimizer]) -> type[keras.optimizers.Optimizer]:
    """`base`, except that a gradient of zeros throughout changes nothing: it is not that
    player's turn, so neither the weight nor its moments move."""

    class Resting(base):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            self._moves = ops.any(gradient != 0)
            super().update_step(gradient, variable, learning_rate)
            self._moves = None

        def assign(self, variable: Any, value: Any) -> None:
            super().assign(variable, ops.where(self._moves, value, variable))

        def assign_add(self, variable: Any, value: Any) -> None:
            super().assign_add(variable, ops.where(self._moves, value, ops.zeros_like(value)))

        def assign_sub(self, variable: Any, value: Any) -> None:
            super().assign_sub(variable, ops.where(self._moves, value, ops.zeros_like(value)))

    return Resting
