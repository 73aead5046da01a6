"""Whose turn it is in adversarial training, decided inside the step by ops alone.

Decisions rest on the losses of the step before, so that they need no second pass and are the
same on every replica.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from trainer.gan_config import GanConfig

PLAYERS = ("encoder", "decoder", "discriminator")
Masks = dict[str, Any]  # player -> 1.0 or 0.0
STATE = 4  # values, all 0 at the start


def masks(config: GanConfig, state: Any) -> Masks:
    """Who learns in this step. `state`, float32 [STATE], is as `advance` left it."""
    if config.turns == "thresholds":
        made, judged = state[0], 1.0 - state[0]
        return {"encoder": made, "decoder": made, "discriminator": judged}
    if config.turns == "equilibrium":
        # No step has been made yet where both are 0: losses of a softplus are positive.
        real, fake = state[2], state[3]
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
    return {player: ops.ones(()) for player in PLAYERS}


def advance(config: GanConfig, state: Any, loss: Any, real: Any, fake: Any) -> Any:
    """The state after a step.

    Args:
      state: float32 [STATE]: 1 if it is the turn of encoder and decoder, steps of this turn so far,
        and the last `real` and `fake`.
      loss: the discriminator's loss, nats.
      real, fake: its cross-entropy on real and on made images, nats.
    """
    made, steps = state[0], state[1] + 1.0
    satisfied = ops.where(
        made > 0.5, loss > config.generator_until, loss < config.discriminator_until
    )
    over = ops.logical_or(satisfied, steps >= config.inner_steps)
    return ops.stack([ops.where(over, 1.0 - made, made), ops.where(over, 0.0, steps), real, fake])
