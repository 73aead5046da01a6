"""One optimizer for all weights, or one for each network of an adversarial model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import keras
from keras import ops

from trainer.config.choices import OPTIMIZERS
from trainer.config.imported import load


def make_optimizer(model: Any, name: str, learning_rate: float) -> keras.optimizers.Optimizer:
    """Returns a model's optimizer, built.

    A model with `optimizer_groups`, a mapping of names to (weights, factor of the learning rate),
    gets a `MultiOptimizer` with an optimizer for each of them.
    """
    groups = getattr(model, "optimizer_groups", None)
    optimizer_class = load(OPTIMIZERS[name])
    if groups is None:
        optimizer = optimizer_class(learning_rate)
    else:
        skipping = _skipping_zero_gradients(optimizer_class)
        optimizer = MultiOptimizer(
            OptimizerGroup(skipping(learning_rate * factor, name=group), weights, factor)
            for group, (weights, factor) in groups.items()
        )
    optimizer.build(model.trainable_variables)
    return optimizer


@dataclasses.dataclass(frozen=True)
class OptimizerGroup:
    """Weights and their optimizer.

    factor: its learning rate as a multiple of the first group's.

    No tuple: Keras looks into lists and tuples and would take the weights for the optimizer's
    own variables, of which JAX then donates a buffer twice.
    """

    optimizer: keras.optimizers.Optimizer
    weights: list[keras.Variable]
    factor: float


class MultiOptimizer(keras.optimizers.Optimizer):
    """An optimizer that leaves each group of weights to an optimizer of its own.

    `learning_rate` is the first group's; setting it sets all.
    """

    def __init__(self, groups: Iterable[OptimizerGroup]) -> None:
        super().__init__(learning_rate=0.0, name="multi_optimizer")
        self.groups = list(groups)

    def build(self, variables: Sequence[keras.Variable]) -> None:
        for group in self.groups:
            group.optimizer.build(group.weights)
        super().build(list(variables))

    @property
    def variables(self) -> list[keras.Variable]:
        of_groups = [v for group in self.groups for v in group.optimizer.variables]
        return [*super().variables, *of_groups]

    @property
    def learning_rate(self) -> Any:
        return self.groups[0].optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: float) -> None:
        for group in self.groups:
            group.optimizer.learning_rate = learning_rate * group.factor

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        if trainable_variables is None:
            trainable_variables = self._trainable_variables
        gradients = {id(w): grad for w, grad in zip(trainable_variables, grads, strict=True)}
        for group in self.groups:
            group.optimizer.apply([gradients[id(w)] for w in group.weights], group.weights)
        self._iterations.assign_add(1)


def _skipping_zero_gradients(base: type) -> type:
    """Returns a subclass of `base` for which a gradient of zeros throughout changes nothing.

    Neither the weight nor its moments move in a step that the update schedule gives to others.
    """

    class SkippingZeroGradients(base):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            self._has_gradient = ops.any(gradient != 0)
            super().update_step(gradient, variable, learning_rate)
            self._has_gradient = None

        def assign(self, variable: Any, value: Any) -> None:
            super().assign(variable, ops.where(self._has_gradient, value, variable))

        def assign_add(self, variable: Any, value: Any) -> None:
            super().assign_add(
                variable, ops.where(self._has_gradient, value, ops.zeros_like(value))
            )

        def assign_sub(self, variable: Any, value: Any) -> None:
            super().assign_sub(
                variable, ops.where(self._has_gradient, value, ops.zeros_like(value))
            )

    return SkippingZeroGradients
