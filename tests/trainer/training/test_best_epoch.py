import keras
import numpy as np
import pytest

from data_prep.errors import InputError
from trainer.config import ModelConfig, TrainConfig, TrainerConfig
from trainer.training.best_epoch import BestEpoch, epoch_rule, set_exported_weights
from trainer.training.callbacks import History
from trainer.training.schedules import kl_scale


class Scripted(keras.Model):
    """Stands for a model: one weight, which each epoch sets to the epoch's number."""

    def __init__(self):
        super().__init__()
        self.weight = self.add_weight(shape=(), initializer="zeros")
        self.stop_training = False


def run_epochs(values, model=None, *, validated=True, **train):
    """Feeds validation losses to the callbacks; returns the model and the callback."""
    history, scripted = History(), Scripted()
    config = TrainerConfig(model=ModelConfig(**(model or {})), train=TrainConfig(**train))
    best = BestEpoch(history, epoch_rule(config, validated=validated), config.train)
    best.set_model(scripted)
    for epoch, value in enumerate(values):
        scripted.weight.assign(epoch + 1)
        logs = {"loss": value} | ({"val_loss": value} if validated else {})
        for callback in (history, best):
            callback.on_epoch_begin(epoch)
            callback.on_epoch_end(epoch, logs)
        if scripted.stop_training:
            break
    return scripted, best


@pytest.mark.parametrize(
    ("values", "patience", "epochs", "best"),
    [
        ([5, 4, 4.5, 4.2, 3, 9], 2, 4, 2),  # 4 at epoch 2, two worse ones: stop at 4
        ([5, 4, 4.5, 3, 3.5, 9], 2, 6, 4),  # a better one in time
        ([5, 5, 5, 5], 3, 4, 1),  # equal is no improvement
        ([3, 2, 1], 1, 3, 3),
        ([3, 1, 2, 2, 2], 0, 5, 2),  # never stops, and exports the best all the same
    ],
)
def test_early_stopping_and_the_export_agree(values, patience, epochs, best):
    model, callback = run_epochs(values, early_stopping_patience=patience)
    assert len(callback.history.epochs) == epochs
    assert callback.exhausted == bool(model.stop_training)
    assert set_exported_weights(model, callback).epoch == best
    assert float(np.asarray(model.weight)) == best


def test_epochs_under_a_kl_warm_up_do_not_count():
    """Neither for the export nor for the patience: the loss there lacks part of its KL."""
    values = [1, 2, 2.5, 9, 8, 8.5, 8.7]
    warm_up = {"kl_warmup_epochs": 3}
    assert [kl_scale(3, epoch) == 1 for epoch in range(5)] == [False] * 3 + [True] * 2
    model, callback = run_epochs(values, warm_up, early_stopping_patience=2)
    assert len(callback.history.epochs) == 7
    exported = set_exported_weights(model, callback)
    assert exported.epoch == 5 == float(np.asarray(model.weight))
    assert exported.reason == (
        "lowest val_loss, 8.00, after 3 epochs of KL warm-up; the last stood at 8.70"
    )


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"exported_epoch": "last"}, "the last, as train.exported_epoch asks"),
        ({"validated": False}, "the last: there is no eval split"),
        (
            {"model": {"family": "vae_gan"}},
            "the last: none of the losses of family vae_gan says which epoch is best",
        ),
        ({"model": {"kl_warmup_epochs": 3}}, "the last: no epoch came after the KL warm-up"),
    ],
)
def test_the_last_epoch_is_exported_where_it_must_be(settings, reason):
    model, callback = run_epochs([1, 3, 2], **settings)
    exported = set_exported_weights(model, callback)
    assert exported.epoch == 3 == float(np.asarray(model.weight))
    assert exported.reason == reason


def test_an_adversarial_family_cannot_stop_early():
    with pytest.raises(InputError, match=r"train\.early_stopping_patience: got 2, allowed: 0 with"):
        TrainerConfig(
            model=ModelConfig(family="vae_gan"), train=TrainConfig(early_stopping_patience=2)
        )
