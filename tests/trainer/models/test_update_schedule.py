"""Schedules of adversarial training, on losses made up for the purpose."""

import numpy as np
import pytest

from trainer.config import GanConfig
from trainer.models.update_schedule import STATE, advance, masks

ALL = {"encoder", "decoder", "discriminator"}


def play(config, losses):
    """Who learns in each step; (L, real, fake) is what comes out of it."""
    state, learned = np.zeros(STATE, np.float32), []
    for loss, real, fake in losses:
        taking = masks(config, state)
        learned.append({name for name, mask in taking.items() if float(mask)})
        assert all(float(mask) in (0.0, 1.0) for mask in taking.values())
        state = np.asarray(advance(config, state, loss, real, fake))
    return learned


def test_together():
    assert play(GanConfig(turns="together"), [(9.0, 9.0, 9.0)] * 3) == [ALL] * 3


def test_thresholds_as_the_source_has_them():
    """Discriminator until L < 1.0, then encoder and decoder until L > 0.4; at most 3 steps."""
    config = GanConfig(turns="thresholds")
    judge, makers = {"discriminator"}, {"encoder", "decoder"}
    steps = [
        (judge, 1.2),
        (judge, 0.9),  # below 1.0: enough
        (makers, 0.3),
        (makers, 0.5),  # above 0.4: enough
        (judge, 1.5),
        (judge, 1.5),
        (judge, 1.5),  # three steps at most
        (makers, 0.1),
        (makers, 0.1),
        (makers, 0.1),
        (judge, 0.2),
        (makers, 0.2),
    ]
    found = play(config, [(loss, 0.0, 0.0) for _, loss in steps])
    assert found == [who for who, _ in steps]


@pytest.mark.parametrize(
    ("real", "fake", "learn"),
    [
        (0.68, 0.68, ALL),
        (0.27, 0.68, {"encoder", "decoder"}),  # too sharp on real images: 0.68 - 0.4
        (0.68, 0.27, {"encoder", "decoder"}),
        (0.29, 0.29, ALL),
        (1.09, 0.68, {"encoder", "discriminator"}),  # too blunt: 0.68 + 0.4
        (0.68, 1.09, {"encoder", "discriminator"}),
        (0.1, 2.0, ALL),  # both would rest
    ],
)
def test_equilibrium(real, fake, learn):
    first, second = play(GanConfig(turns="equilibrium"), [(0.7, real, fake)] * 2)
    assert first == ALL  # nothing is known yet
    assert second == learn
