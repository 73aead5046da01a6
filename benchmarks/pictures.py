"""Measures the share of a training's time that its figures take.

Run: python benchmarks/pictures.py [PRESET ...]

For each preset: epochs on images of noise of its shape (the time does not depend on what they
show), at most 10,000 of them, scaled up to as many as its recipe trains on; then every picture of
the whole training and its animations, drawn from the model as it then is. The share is of all
epochs of the preset.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from pipeline.config.pipeline import load_config
from trainer.config import ImageShape, TrainerConfig
from trainer.figures.callback import FigureCallback, snapshot_epochs
from trainer.figures.examples import Examples
from trainer.models.registry import build_model
from trainer.training.callbacks import History
from trainer.training.optimizers import make_optimizer
from trainer.training.trackers import make_trackers

# Preset -> images of its training and their sides.
RECIPES = {
    "mnist_vae": (60_000, 28),
    "mnist_cvae": (60_000, 28),
    "mnist_strided": (60_000, 28),
    "mnist_vae_dense": (60_000, 28),
    "mnist_cvae_blog": (60_000, 28),
    "mnist_vae_gan": (60_000, 28),
    "fashion_vae": (60_000, 32),
    "cats_ae": (104_721, 32),
    "cats_vae": (104_721, 32),
    "words_ae": (102_000, 32),
    "celeba_vae": (162_079, 64),
}
LABELS = tuple("0123456789")
EXAMPLES, EPOCHS, MOST = 1000, 3, 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("presets", nargs="*", metavar="PRESET", help=", ".join(RECIPES))
    print("preset         epochs  s/epoch  drawn  s/drawing  animations  share")
    for name in parser.parse_args().presets or RECIPES:
        count, side = RECIPES[name]
        config = load_config(name, [])
        channels = 3 if config.data.source == "celeba" else 1
        shape = ImageShape(height=side, width=side, channels=channels)
        settings = dataclasses.replace(config.trainer_config(shape), labels=LABELS)
        print(f"{name:14} {_measured(settings, count)}", flush=True)


def _measured(settings: TrainerConfig, count: int) -> str:
    random = np.random.default_rng(0)
    shape = (settings.image.height, settings.image.width, settings.image.channels)
    part = min(count, MOST)
    images = random.integers(0, 256, (part, *shape), np.uint8)
    batch = {"image": images, "label_index": random.integers(0, len(LABELS), part)}
    model = build_model(settings)
    rate = settings.train.learning_rate
    model.compile(make_optimizer(model, settings.train.optimizer, rate), jit_compile=False)
    clock = _Clock()
    model.fit(batch, batch_size=settings.train.batch_size, epochs=EPOCHS, verbose=0,
              callbacks=[clock])  # fmt: skip
    # the first one builds the graph
    an_epoch = statistics.median(clock.seconds[1:]) * count / part
    drawn = snapshot_epochs(settings.train.epochs)
    few = {name: values[:EXAMPLES] for name, values in batch.items()}
    labels = tuple(LABELS[index] for index in few["label_index"])
    with tempfile.TemporaryDirectory() as folder:
        pictures = FigureCallback(
            Examples(few, labels, LABELS), settings,
            directory=f"{folder}/pictures", keep=f"{folder}/keep",
            trackers=make_trackers(settings.train.trackers, History(), folder, settings),
        )  # fmt: skip
        pictures.set_model(model)
        began = time.perf_counter()
        for epoch in drawn:
            pictures.on_epoch_end(epoch)
        drawing = time.perf_counter() - began
        began = time.perf_counter()
        pictures.finish()
        pictures.trackers.finish()
        animating = time.perf_counter() - began
    epochs = settings.train.epochs
    share = (drawing + animating) / (epochs * an_epoch + drawing + animating)
    return (
        f"{epochs:6} {an_epoch:8.2f} {len(drawn):6} {drawing / len(drawn):10.2f} "
        f"{animating:9.2f} s {share:6.1%}"
    )


class _Clock(keras.callbacks.Callback):
    """Seconds of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        self.seconds.append(time.perf_counter() - self.began)


if __name__ == "__main__":
    main()
