import keras
import numpy as np
import pytest

from trainer.training.callbacks import EarlyStopping, History


class Scripted(keras.Model):
    """Stands for a model: one weight, which each epoch sets to the epoch's number."""

    def __init__(self):
        super().__init__()
        self.weight = self.add_weight(shape=(), initializer="zeros")
        self.stop_training = False


def run_epochs(values, patience):
    """Feeds validation losses to the callbacks; the model and what early stopping knows."""
    history, model = History(), Scripted()
    early = EarlyStopping(history, patience)
    early.set_model(model)
    for epoch, value in enumerate(values):
        model.weight.assign(epoch + 1)
        for callback in (history, early):
            callback.on_epoch_begin(epoch)
            callback.on_epoch_end(epoch, {"val_loss": value})
        if model.stop_training:
            break
    return model, early


@pytest.mark.parametrize(
    ("values", "patience", "epochs", "best"),
    [
        ([5, 4, 4.5, 4.2, 3, 9], 2, 4, 2),  # 4 at epoch 2, two worse ones: stop at 4
        ([5, 4, 4.5, 3, 3.5, 9], 2, 6, 4),  # a better one in time
        ([5, 5, 5, 5], 3, 4, 1),  # equal is no improvement
        ([3, 2, 1], 1, 3, 3),
    ],
)
def test_early_stopping(values, patience, epochs, best):
    model, early = run_epochs(values, patience)
    assert len(early.history.epochs) == epochs
    assert early.best_epoch == best
    assert early.exhausted == bool(model.stop_training)
    model.set_weights(early.best_weights)
    assert float(np.asarray(model.weight)) == best


def test_history_keeps_every_metric_and_the_time():
    history = History()
    history.on_epoch_begin(0)
    history.on_epoch_end(0, {"loss": np.float32(0.5), "val_loss": 2})
    (epoch,) = history.epochs
    assert epoch.pop("seconds") >= 0
    assert epoch == {"epoch": 1, "loss": 0.5, "val_loss": 2.0}
