import math

import pytest

from trainer.config import ModelConfig, TrainConfig
from trainer.training.callbacks import History
from trainer.training.schedules import Schedules, kl_scale, learning_rate, plateaus


def test_constant():
    assert learning_rate(TrainConfig(learning_rate=0.5), 7, [1.0] * 7) == 0.5


def test_cosine_falls_from_the_rate_to_zero():
    train = TrainConfig(learning_rate=0.8, learning_rate_schedule="cosine", epochs=4)
    found = [learning_rate(train, epoch, []) for epoch in range(4)]
    assert found == pytest.approx([0.8 * (1 + math.cos(math.pi * e / 4)) / 2 for e in range(4)])
    assert found[0] == 0.8 and found[2] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("losses", "drops"),
    [
        ([], 0),
        ([5, 4, 3, 2], 0),
        ([5, 6, 6], 1),
        ([5, 5, 5], 1),  # equal is no improvement
        ([5, 6, 4, 6, 6], 1),
        ([5, 6, 6, 6, 6], 2),  # the count starts again
        ([5, 6, 6, 6, 4, 6], 1),
    ],
)
def test_plateaus(losses, drops):
    assert plateaus(losses, patience=2) == drops
    train = TrainConfig(
        learning_rate=1.0, learning_rate_schedule="plateau", plateau_patience=2, plateau_factor=0.1
    )
    assert learning_rate(train, len(losses), losses) == pytest.approx(0.1**drops)


def test_warm_up_is_linear():
    assert [kl_scale(4, epoch) for epoch in range(6)] == [0, 0.25, 0.5, 0.75, 1, 1]
    assert kl_scale(0, 0) == 1


def test_the_callback_goes_by_val_loss_where_there_is_one():
    class Model:
        class optimizer:
            learning_rate = None

        class kl_scale:
            assign = staticmethod(lambda value: seen.append(value))

    seen = []
    history = History()
    history.epochs = [{"loss": 3 - e, "val_loss": 5.0} for e in range(3)]
    train = TrainConfig(learning_rate_schedule="plateau", plateau_patience=2)
    callback = Schedules(history, ModelConfig(kl_warmup_epochs=6), train)
    callback.set_model(Model)
    callback.on_epoch_begin(3)
    assert Model.optimizer.learning_rate == pytest.approx(1e-4)
    assert seen == [0.5]
