"""The update schedule of adversarial training, decided inside the step by ops alone.

Decisions rest on the losses of the step before, so that they need no second pass. The state holds
the losses and not the decision: replicas average the state, and each decides by the average.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from trainer.config import GanConfig

Masks = dict[str, Any]  # network -> 1.0 where it learns in a step, or 0.0
STATE = 5  # values, all 0 at the start


def masks(config: GanConfig, state: Any) -> Masks:
    """Returns the networks that learn in this step, by the state that `advance` returned."""
    if config.turns == "thresholds":
        generator, _ = _turn(config, state)
        return {"encoder": generator, "decoder": generator, "discriminator": 1.0 - generator}
    if config.turns == "equilibrium":
        # No step has been made yet where both are 0: losses of a softplus are positive.
        real, fake = state[3], state[4]
        low, high = config.equilibrium - config.margin, config.equilibrium + config.margin
        first = ops.logical_and(real == 0.0, fake == 0.0)
        sharp = ops.logical_or(real < low, fake < low)
        blunt = ops.logical_or(real > high, fake > high)
        all_learn = ops.logical_or(first, ops.logical_and(sharp, blunt))
        discriminator = ops.logical_or(all_learn, ops.logical_not(sharp))
        decoder = ops.logical_or(all_learn, ops.logical_not(blunt))
        return {
            "encoder": ops.ones(()),
            "decoder": ops.cast(decoder, "float32"),
            "discriminator": ops.cast(discriminator, "float32"),
        }
    return dict.fromkeys(("encoder", "decoder", "discriminator"), ops.ones(()))


def advance(config: GanConfig, state: Any, loss: Any, real: Any, fake: Any) -> Any:
    """Returns the state after a step.

    Args:
      state: float32 [STATE]: 1 where encoder and decoder had the last step, its number within their
        turn or the discriminator's, and its `loss`, `real` and `fake`.
      loss: the discriminator's loss, nats.
      real, fake: its cross-entropy on real and on decoded images, nats.
    """
    generator, steps = _turn(config, state)
    return ops.stack([generator, steps + 1.0, loss, real, fake])


def _turn(config: GanConfig, state: Any) -> tuple[Any, Any]:
    """Returns 1.0 for a turn of encoder and decoder or 0.0, and the steps of the turn so far."""
    generator, steps, loss = state[0], state[1], state[2]
    satisfied = ops.where(
        generator > 0.5, loss > config.generator_until, loss < config.discriminator_until
    )
    over = ops.logical_or(satisfied, steps >= config.inner_steps)
    over = ops.logical_and(over, steps > 0.0)  # no step has been made yet at 0
    return ops.where(over, 1.0 - generator, generator), ops.where(over, 0.0, steps)
