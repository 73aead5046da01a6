import logging

import pytest

from trainer.training.progress import LOGGER, ProgressReporter, TrainingDiverged


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG, LOGGER.name)
    return caplog


def test_steps_and_epochs_are_reported(log, monkeypatch):
    monkeypatch.setattr("trainer.training.progress.STEP_INTERVAL", 0.0)
    progress = ProgressReporter(epochs=5, steps=10, learning_rate=1e-3)
    progress.on_epoch_begin(2)
    progress.on_train_batch_end(3, {"loss": 9.0})
    progress.on_epoch_end(2, {"loss": 8.0, "val_loss": 7.5})
    step, epoch = (record.progress for record in log.records)
    assert [r.levelno for r in log.records] == [logging.DEBUG, logging.INFO]
    assert (step.epoch, step.epochs, step.step, step.steps) == (3, 5, 4, 10)
    assert step.metrics == {"loss": 9.0}
    assert not step.epoch_ended
    assert (epoch.step, epoch.epoch_ended) == (10, True)
    assert "epoch 3/5" in str(epoch)
    assert "val_loss 7.50" in log.records[1].getMessage()


def test_steps_are_not_reported_too_often(log):
    progress = ProgressReporter(epochs=1, steps=1000, learning_rate=1e-3)
    progress.on_epoch_begin(0)
    for step in range(1000):
        progress.on_train_batch_end(step, {"loss": 1.0})
    assert len(log.records) <= 1


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["loss", "val_loss"])
def test_a_loss_that_is_not_finite_stops(name, value):
    progress = ProgressReporter(epochs=5, steps=10, learning_rate=0.5)
    progress.on_epoch_begin(1)
    message = rf"{name} is {value} in epoch 2 of 5; try a smaller train.learning_rate than 0.5"
    with pytest.raises(TrainingDiverged, match=message):
        progress.on_epoch_end(1, {"loss": 1.0, name: value})


def test_a_loss_that_is_not_finite_stops_within_the_epoch():
    progress = ProgressReporter(epochs=5, steps=10, learning_rate=0.5)
    progress.on_epoch_begin(0)
    with pytest.raises(TrainingDiverged, match="epoch 1 of 5"):
        progress.on_train_batch_end(0, {"loss": float("nan")})
