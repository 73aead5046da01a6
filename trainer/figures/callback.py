"""Draws while a model trains."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from trainer.config import TrainerConfig
from trainer.data.records import to_pixels
from trainer.figures import latent_walks, training_figures
from trainer.figures.animation import animate
from trainer.figures.examples import Examples
from trainer.figures.sheet import to_png
from trainer.training.trackers import Trackers

DIRECTORY = "pictures"
ANIMATED = {"manifold": 100, "scatter": 150}  # milliseconds a frame, as in the sources
RECONSTRUCTED = 10
SAMPLES, COLUMNS = 30, 10  # samples in all, or a row for each condition
BATCH = 250


class FigureCallback(keras.callbacks.Callback):
    """At the epochs of `snapshot_epochs`, and at the last one, writes into `directory`

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
        settings: TrainerConfig,
        *,
        directory: str,
        keep: str,
        trackers: Trackers,
        finished: int = 0,
    ) -> None:
        """
        Args:
          examples: at least one.
          settings: those of the model, with the names of its condition.
          directory: where the pictures go.
          keep: a directory that outlives a killed training.
          trackers: of the training.
          finished: epochs that a training before has finished; its pictures are in `keep`.
        """
        super().__init__()
        self.examples = examples
        self.names = settings.condition_names[: training_figures.MAX_PANELS]
        self.every = np.eye(len(settings.condition_names), dtype=np.float32)
        self.has_prior = settings.model.has_prior
        self.apart = settings.model.condition == "label"
        self.shown = latent_walks.round_robin(examples.labels, RECONSTRUCTED)
        self.wanted = set(snapshot_epochs(settings.train.epochs))
        self.samples = latent_walks.draw_codes(
            COLUMNS if self.names else SAMPLES, settings.model.latent_dim, settings.train.seed
        )
        self.grid = latent_walks.manifold(settings.model.latent_dim)
        self.directory = directory
        self.keep = keep
        self.trackers = trackers
        tf.io.gfile.makedirs(directory)
        tf.io.gfile.makedirs(keep)
        for name in sorted(tf.io.gfile.listdir(keep)):
            kind, epoch = _parse(name)
            if kind and epoch <= finished:
                self._publish({kind: _read(os.path.join(keep, name))}, epoch)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        if epoch not in self.wanted and not self.model.stop_training:
            return
        figures = self._draw(f"epoch {epoch + 1}")
        pngs = {kind: to_png(picture) for kind, picture in figures.items()}
        for kind, content in pngs.items():
            _write(os.path.join(self.keep, _name(kind, epoch + 1)), content)
        self._publish(pngs, epoch + 1)

    def finish(self) -> None:
        """Writes the animations, of every picture there is. Also without a training."""
        names = sorted(tf.io.gfile.listdir(self.directory))
        for kind, milliseconds in ANIMATED.items():
            paths = [
                os.path.join(self.directory, name) for name in names if _parse(name)[0] == kind
            ]
            if paths:
                content = animate([_read(path) for path in paths], milliseconds)
                _write(os.path.join(self.directory, f"{kind}.gif"), content)

    def _draw(self, title: str) -> dict[str, Image.Image]:
        examples = self.examples
        real = examples.images[self.shown]
        told = self.model.condition_of(examples.batch)
        conditions = None if told is None else keras.ops.convert_to_numpy(told)
        codes = self._encode(examples.images, conditions)
        shown = None if conditions is None else conditions[self.shown]
        decoded = self._decode(codes[self.shown], shown)
        return {
            "reconstructions": training_figures.reconstructions(real, decoded, title),
            "samples": training_figures.samples(self._from_prior(self.samples), COLUMNS, title),
            "manifold": training_figures.manifold(self._from_prior(self.grid), title),
            "scatter": training_figures.codes_by_label(
                codes if self.has_prior else _standardized(codes),
                examples.labels,
                examples.names,
                apart=self.apart,
                title=title,
            ),
        }

    def _encode(self, images: np.ndarray, conditions: np.ndarray | None) -> np.ndarray:
        """z_mean, float32 [n, latent_dim]."""

        def mean(pixels: Any, condition: Any) -> Any:
            return self.model.encode(self.model.scale(pixels), condition)[0]

        return _in_batches(mean, images, conditions)

    def _decode(self, codes: np.ndarray, conditions: np.ndarray | None) -> np.ndarray:
        """uint8 [n, height, width, channels]."""
        return to_pixels(_in_batches(self.model.decode, codes, conditions))

    def _from_prior(self, noise: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """(name, images) of the same codes for each condition."""
        codes = keras.ops.convert_to_numpy(self.model.from_prior(noise))
        if not self.names:
            return [("", self._decode(codes, None))]
        told = np.repeat(self.every[: len(self.names)], len(codes), axis=0)
        images = self._decode(np.tile(codes, (len(self.names), 1)), told)
        return list(zip(self.names, np.split(images, len(self.names)), strict=True))

    def _publish(self, pngs: Mapping[str, bytes], epoch: int) -> None:
        for kind, png in pngs.items():
            _write(os.path.join(self.directory, _name(kind, epoch)), png)
        self.trackers.log_images(pngs, epoch)


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


def _standardized(codes: np.ndarray) -> np.ndarray:
    """On the scale of N(0, I), which the codes of a model without a prior know nothing of."""
    return (codes - codes.mean(axis=0)) / np.maximum(codes.std(axis=0), 1e-6)


def _name(kind: str, epoch: int) -> str:
    return f"{kind}-{epoch:06}.png"


def _parse(name: str) -> tuple[str, int]:
    """Kind and epoch of a file named by `_name`; ("", 0) for another."""
    match = re.fullmatch(r"([a-z]+)-(\d{6})\.png", name)
    return (match[1], int(match[2])) if match else ("", 0)


def _write(path: str, content: bytes) -> None:
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(content)


def _read(path: str) -> bytes:
    with tf.io.gfile.GFile(path, "rb") as file:
        return file.read()


def snapshot_epochs(epochs: int) -> tuple[int, ...]:
    """Numbers from 0 of the epochs to draw: those of the sources below `epochs`, and the last.

    The sources (a series of articles on autoencoders for MNIST, parts 3 and 4) draw
    range(10) and int(arange(59) ** 1.701), which ends at 999.
    """
    powers = (np.arange(59) ** 1.701).astype(int).tolist()
    return tuple(sorted(e for e in {*range(10), *powers, epochs - 1} if e < epochs))
