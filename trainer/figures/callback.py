"""The callback that draws figures of a model while it trains."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from trainer.config import TrainerConfig
from trainer.data.records import to_pixels
from trainer.figures import compose, latent_walks
from trainer.figures.examples import Examples
from trainer.figures.scatter import codes_by_label
from trainer.figures.sheet import animate, mosaics, sheet, to_png
from trainer.training.trackers import Trackers

DIRECTORY = "pictures"
ANIMATED = {"manifold": 100, "scatter": 150}  # milliseconds a frame, as in the sources
RECONSTRUCTED = 10
SAMPLES = 30  # in all, or a row for each condition
BATCH = 250


class FigureCallback(keras.callbacks.Callback):
    """Draws at the epochs of `snapshot_epochs`, and at the last one. It writes into `directory`

      reconstructions-<epoch>.png, samples-<epoch>.png, manifold-<epoch>.png and
      scatter-<epoch>.png (epochs from 1), which it logs to the training's trackers as well;
      at the end manifold.gif and scatter.gif.

    A conditional model gets samples and a manifold for each of the first conditions, and one
    that takes the label a scatter for each label. Codes, examples and colours stay the same
    throughout, and drawing changes nothing that training depends on. The callback comes after
    early stopping and before the checkpoint, whose directory keeps a copy of the pictures for
    a resumed training.
    """

    def __init__(
        self,
        examples: Examples,
        config: TrainerConfig,
        *,
        directory: str,
        keep: str,
        trackers: Trackers,
        finished: int = 0,
    ) -> None:
        """Begins, or goes on where a training before has finished so many epochs.

        examples: at least one. keep: a directory that outlives a killed training; the pictures of
        finished epochs are there.
        """
        super().__init__()
        self.examples = examples
        self.config = config
        self.positions = latent_walks.round_robin(examples.labels, RECONSTRUCTED)
        self.epochs = set(snapshot_epochs(config.train.epochs))
        size = config.model.latent_dim
        count = compose.COLUMNS if config.condition_names else SAMPLES
        self.noise = latent_walks.draw_codes(count, size, config.train.seed)
        self.grid = latent_walks.manifold(size)
        self.directory, self.keep, self.trackers = directory, keep, trackers
        tf.io.gfile.makedirs(directory)
        tf.io.gfile.makedirs(keep)
        for name in sorted(tf.io.gfile.listdir(keep)):
            kind, epoch = _parse(name)
            if kind and epoch <= finished:
                self._publish({kind: _read(os.path.join(keep, name))}, epoch)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        if epoch not in self.epochs and not self.model.stop_training:
            return
        pngs = {kind: to_png(picture) for kind, picture in self._draw(f"epoch {epoch + 1}")}
        for kind, content in pngs.items():
            _write(os.path.join(self.keep, _name(kind, epoch + 1)), content)
        self._publish(pngs, epoch + 1)

    def finish(self) -> None:
        """Writes the animations of every picture there is, also without a training."""
        names = sorted(tf.io.gfile.listdir(self.directory))
        for kind, milliseconds in ANIMATED.items():
            chosen = [name for name in names if _parse(name)[0] == kind]
            frames = [_read(os.path.join(self.directory, name)) for name in chosen]
            if frames:
                _write(os.path.join(self.directory, f"{kind}.gif"), animate(frames, milliseconds))

    def _draw(self, title: str) -> Iterator[tuple[str, Image.Image]]:
        view = TrainingView(self.model, self.config, self.noise)
        examples, positions = self.examples, self.positions
        codes, conditions = view.encode(examples)
        starts = compose.Starts(
            codes[positions],
            None if conditions is None else conditions[positions],
            examples.images[positions],
        )
        groups = compose.each_condition(view)
        reconstructions = compose.reconstructions(view, starts, grouped=False)
        samples = compose.samples(view, len(self.noise), groups)
        manifold = compose.manifold(view, view.from_prior(self.grid), groups)
        yield "reconstructions", sheet(dataclasses.replace(reconstructions, title=title))
        yield "samples", sheet(dataclasses.replace(samples, title=title))
        yield "manifold", mosaics(dataclasses.replace(manifold, title=title))
        if not self.config.model.has_prior:  # on the scale of N(0, I), as the axes are
            codes = (codes - codes.mean(axis=0)) / np.maximum(codes.std(axis=0), 1e-6)
        labels, names = examples.labels, examples.names
        yield "scatter", codes_by_label(codes, labels, names, apart=view.by_label, title=title)

    def _publish(self, pngs: Mapping[str, bytes], epoch: int) -> None:
        for kind, png in pngs.items():
            _write(os.path.join(self.directory, _name(kind, epoch)), png)
        self.trackers.log_images(pngs, epoch)


class TrainingView:
    """A model in training as figures need it: see `compose.ModelView`."""

    def __init__(self, model: Any, config: TrainerConfig, noise: np.ndarray) -> None:
        """Keeps a model, its config, and the noise of its samples, [n, latent_dim]."""
        self._model, self._noise = model, noise
        self.conditions = config.condition_names
        self.by_label = config.model.condition == "label"

    def encode(self, examples: Examples) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns z_mean, float32 [n, latent_dim], and the conditions of the examples."""

        def z_mean(pixels: Any, condition: Any) -> Any:
            return self._model.encode(self._model.scale(pixels), condition)[0]

        condition = self._model.condition_of(examples.batch)
        conditions = None if condition is None else keras.ops.convert_to_numpy(condition)
        return _in_batches(z_mean, examples.images, conditions), conditions

    def decode(self, codes: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
        if condition is not None:
            condition = np.broadcast_to(condition, (len(codes), condition.shape[-1]))
        return to_pixels(_in_batches(self._model.decode, codes, condition))

    def sample(self, count: int, condition: np.ndarray | None = None) -> np.ndarray:
        return self.decode(self.from_prior(self._noise[:count]), condition)

    def from_prior(self, noise: np.ndarray) -> np.ndarray:
        """Returns the codes of standard normal noise, [n, latent_dim] both."""
        return keras.ops.convert_to_numpy(self._model.from_prior(noise))


def _in_batches(
    function: Callable[[Any, Any], Any], values: np.ndarray, conditions: np.ndarray | None
) -> np.ndarray:
    parts = []
    for start in range(0, len(values), BATCH):
        rows = slice(start, start + BATCH)
        condition = None if conditions is None else keras.ops.convert_to_tensor(conditions[rows])
        result = function(keras.ops.convert_to_tensor(values[rows]), condition)
        parts.append(keras.ops.convert_to_numpy(result))
    return np.concatenate(parts).astype(np.float32)


def _name(kind: str, epoch: int) -> str:
    return f"{kind}-{epoch:06}.png"


def _parse(name: str) -> tuple[str, int]:
    """Returns kind and epoch of a file named by `_name`; ("", 0) for another."""
    match = re.fullmatch(r"([a-z]+)-(\d{6})\.png", name)
    return (match[1], int(match[2])) if match else ("", 0)


def _write(path: str, content: bytes) -> None:
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(content)


def _read(path: str) -> bytes:
    with tf.io.gfile.GFile(path, "rb") as file:
        return file.read()


def snapshot_epochs(epochs: int) -> tuple[int, ...]:
    """Returns the epochs to draw, counted from 0: those of the sources below `epochs`, the last.

    The sources (a series of articles on autoencoders for MNIST, parts 3 and 4) draw
    range(10) and int(arange(59) ** 1.701), which ends at 999.
    """
    powers = (np.arange(59) ** 1.701).astype(int).tolist()
    return tuple(sorted(e for e in {*range(10), *powers, epochs - 1} if e < epochs))
