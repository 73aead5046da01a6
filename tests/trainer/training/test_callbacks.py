import numpy as np

from trainer.training.callbacks import History


def test_history_keeps_every_metric_and_the_time():
    history = History()
    history.on_epoch_begin(0)
    history.on_epoch_end(0, {"loss": np.float32(0.5), "val_loss": 2})
    (epoch,) = history.epochs
    assert epoch.pop("seconds") >= 0
    assert epoch == {"epoch": 1, "loss": 0.5, "val_loss": 2.0}
