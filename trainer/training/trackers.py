"""Trackers: the places to which a training logs the metrics and the figures of its epochs.

To add one, write a subclass of `Tracker` and enter it in `trainer.config.choices.TRACKERS`;
`train.trackers` names those that a training uses. The base class follows the trackers of
Hugging Face's accelerate: start, log, log_images, finish.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf
from PIL import Image

from trainer.config import TrainerConfig
from trainer.config.choices import TRACKERS
from trainer.training.callbacks import History


class Tracker:
    """One tracker of one training, whose logs go to `directory`, which it may have to create.

    A subclass overrides what it has a use for.
    """

    def __init__(self, directory: str, config: TrainerConfig) -> None:
        self.directory = directory
        self.config = config

    def start(self) -> None:
        """Begins the log; called once, before the first `log`."""

    def log(self, metrics: Mapping[str, float], epoch: int) -> None:
        """Logs the metrics of an epoch, counted from 1; those of the validation are val_*."""

    def log_images(self, images: Mapping[str, bytes], epoch: int) -> None:
        """Logs figures, PNGs by their names, that were drawn after an epoch, counted from 1.

        Figures of an earlier, interrupted process of the same training come before `start`.
        """

    def finish(self) -> None:
        """Ends the log; called once, also where no epoch was left to train."""


class Trackers(keras.callbacks.Callback):
    """All trackers of a training, as a callback that logs every epoch to each of them.

    It comes after `History`, from which it logs again the epochs of an interrupted process.
    """

    def __init__(self, trackers: Iterable[Tracker], history: History) -> None:
        super().__init__()
        self.trackers = tuple(trackers)
        self.history = history

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        for tracker in self.trackers:
            tracker.start()
        for epoch in self.history.epochs:
            self._log(epoch)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._log(self.history.epochs[-1])

    def log_images(self, images: Mapping[str, bytes], epoch: int) -> None:
        for tracker in self.trackers:
            tracker.log_images(images, epoch)

    def finish(self) -> None:
        for tracker in self.trackers:
            tracker.finish()

    def _log(self, epoch: Mapping[str, float]) -> None:
        metrics = {name: value for name, value in epoch.items() if name != "epoch"}
        for tracker in self.trackers:
            tracker.log(metrics, int(epoch["epoch"]))


def make_trackers(
    names: Sequence[str], history: History, directory: str, config: TrainerConfig
) -> Trackers:
    """Returns the trackers of those names in the registry; none of them has started."""
    return Trackers((TRACKERS[name](directory, config) for name in names), history)


class TensorBoard(Tracker):
    """TensorBoard events below the directory, in three runs: train, validation and pictures.

    The first two hold scalars, one point an epoch, the third holds images.
    """

    def __init__(self, directory: str, config: TrainerConfig) -> None:
        super().__init__(directory, config)
        self.writers: dict[str, Any] = {}

    def start(self) -> None:
        for run in ("train", "validation"):
            self._writer(run)

    def log(self, metrics: Mapping[str, float], epoch: int) -> None:
        for name, value in metrics.items():
            run = "validation" if name.startswith("val_") else "train"
            with self._writer(run).as_default():
                tf.summary.scalar(name.removeprefix("val_"), value, step=epoch)
        self._flush()

    def log_images(self, images: Mapping[str, bytes], epoch: int) -> None:
        with self._writer("pictures").as_default():
            for name, png in images.items():
                # The event of tf.summary.image, without encoding the picture once more.
                metadata = tf.compat.v1.SummaryMetadata()
                metadata.plugin_data.plugin_name = "images"
                size = Image.open(io.BytesIO(png)).size
                content = tf.constant([*(str(pixels).encode() for pixels in size), png])
                tf.summary.write(name, content, step=epoch, metadata=metadata)
        self._flush()

    def finish(self) -> None:
        for writer in self.writers.values():
            writer.close()

    def _writer(self, run: str) -> Any:
        if run not in self.writers:
            self.writers[run] = tf.summary.create_file_writer(os.path.join(self.directory, run))
        return self.writers[run]

    def _flush(self) -> None:
        for writer in self.writers.values():
            writer.flush()
