"""Whose turn it is in adversarial training, decided inside the step by ops alone.

Decisions rest on the losses of the step before, so that they need no second pass. What is kept
are the losses and not the decision: replicas average the state, and each decides by the average.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from trainer.config import GanConfig

NETWORKS = ("encoder", "decoder", "discriminator")
Masks = dict[str, Any]  # player -> 1.0 or 0.0
STATE = 5  # values, all 0 at the start


def masks(config: GanConfig, state: Any) -> Masks:
    """Who learns in this step. `state`, float32 [STATE], is as `advance` left it."""
    if config.turns == "thresholds":
        made, _ = _turn(config, state)
        return {"encoder": made, "decoder": made, "discriminator": 1.0 - made}
    if config.turns == "equilibrium":
        # No step has been made yet where both are 0: losses of a softplus are positive.
        real, fake = state[3], state[4]
        low, high = config.equilibrium - config.margin, config.equilibrium + config.margin
        first = ops.logical_and(real == 0.0, fake == 0.0)
        sharp = ops.logical_or(real < low, fake < low)
        blunt = ops.logical_or(real > high, fake > high)
        everybody = ops.logical_or(first, ops.logical_and(sharp, blunt))
        discriminator = ops.logical_or(everybody, ops.logical_not(sharp))
        decoder = ops.logical_or(everybody, ops.logical_not(blunt))
        return {
            "encoder": ops.ones(()),
            "decoder": ops.cast(decoder, "float32"),
            "discriminator": ops.cast(discriminator, "float32"),
        }
    return {player: ops.ones(()) for player in NETWORKS}


def advance(config: GanConfig, state: Any, loss: Any, real: Any, fake: Any) -> Any:
    """The state after a step.

    Args:
      state: float32 [STATE]: 1 where encoder and decoder had the last step, its number within their
        turn or the discriminator's, and its `loss`, `real` and `fake`.
      loss: the discriminator's loss, nats.
      real, fake: its cross-entropy on real and on made images, nats.
    """
    made, steps = _turn(config, state)
    return ops.stack([made, steps + 1.0, loss, real, fake])


def _turn(config: GanConfig, state: Any) -> tuple[Any, Any]:
    """(1.0 if encoder and decoder have the next step, the steps of this turn before it)."""
    made, steps, loss = state[0], state[1], state[2]
    satisfied = ops.where(
        made > 0.5, loss > config.generator_until, loss < config.discriminator_until
    )
    over = ops.logical_or(satisfied, steps >= config.inner_steps)
    over = ops.logical_and(over, steps > 0.0)  # no step has been made yet at 0
    return ops.where(over, 1.0 - made, made), ops.where(over, 0.0, steps)
