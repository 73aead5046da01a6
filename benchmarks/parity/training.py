"""Trains a row with the project's models, losses and optimizers, on arrays in memory.

A run leaves its history and its weights in the folder of the runs; `results.py` keeps what the page
needs of them.
"""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from data import Data, Images, join
from rows import Row

from data_prep.config_base import to_dict
from pipeline.config.pipeline import load_config
from trainer.config import ImageShape, TrainerConfig
from trainer.models.registry import build_model
from trainer.training.callbacks import History
from trainer.training.optimizers import make_optimizer
from trainer.training.schedules import Schedules

STEPS = 8  # run by TensorFlow without a look back at Python: the small models wait for it


def settings_of(row: Row, seed: int, data: Data) -> TrainerConfig:
    """The preset's settings for the data at hand."""
    config = load_config(row.preset, [*row.overrides, f"train.seed={seed}"])
    height, width, channels = data.train.images.shape[1:]
    settings = config.trainer_config(ImageShape(height=height, width=width, channels=channels))
    return dataclasses.replace(settings, labels=data.labels)


def result_files(folder: Path, row: Row, seed: int) -> tuple[Path, Path]:
    """(the history as JSON, the weights)."""
    stem = folder / "runs" / f"{row.name}-{seed}"
    return Path(f"{stem}.json"), Path(f"{stem}.weights.h5")  # a name may hold a dot


def train(row: Row, seed: int, data: Data, folder: Path) -> None:
    """Trains, unless the very same training has been done, and writes history and weights."""
    settings = settings_of(row, seed, data)
    history_file, weights_file = result_files(folder, row, seed)
    if is_trained(row, seed, data, folder):
        return
    keras.utils.set_random_seed(seed)
    model = build_model(settings)
    rate = settings.train.learning_rate
    model.compile(
        make_optimizer(model, settings.train.optimizer, rate),
        jit_compile=False,
        steps_per_execution=STEPS,
    )
    history = History()
    images = data.train
    if row.everything:
        images = join([data.train, data.held_out])
    start = time.monotonic()
    model.fit(
        given(images),
        validation_data=(given(data.held_out),),
        batch_size=settings.train.batch_size,
        epochs=settings.train.epochs,
        callbacks=[
            Schedules(history, settings.model, settings.train),
            history,
            ProcessorTime(history),
            _EpochPrinter(f"{row.name}-{seed}"),
        ],
        verbose=0,
    )
    history_file.parent.mkdir(parents=True, exist_ok=True)
    model.save_weights(weights_file)
    report = {
        "recipe": to_dict(settings) | {"everything": row.everything},
        "seconds": round(time.monotonic() - start),
        "images": len(images.images),
        "held_out": len(data.held_out.images),
        "epochs": history.epochs,
    }
    history_file.write_text(json.dumps(report, indent=1) + "\n")


def is_trained(row: Row, seed: int, data: Data, folder: Path) -> bool:
    """Returns true where the very same training has been done.

    Settings that have come since then count with their defaults.
    """
    history_file, _ = result_files(folder, row, seed)
    if not history_file.exists():
        return False
    recipe = json.loads(history_file.read_text())["recipe"]
    everything = recipe.pop("everything")
    settings = TrainerConfig.from_json(json.dumps(recipe))
    return (settings, everything) == (settings_of(row, seed, data), row.everything)


def trained(row: Row, seed: int, data: Data, folder: Path) -> Any:
    """The model of a finished training."""
    model = build_model(settings_of(row, seed, data))
    model.load_weights(result_files(folder, row, seed)[1])
    return model


def given(images: Images) -> dict[str, np.ndarray]:
    return {"image": images.images, "label_index": images.labels}


class ProcessorTime(keras.callbacks.Callback):
    """Adds cpu_seconds, validation included, to each epoch of a history.

    Unlike seconds by the clock they do not depend on what else the machine does.
    """

    def __init__(self, history: History) -> None:
        super().__init__()
        self.history = history
        self.began = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.began = time.process_time()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.history.epochs[-1]["cpu_seconds"] = round(time.process_time() - self.began, 3)


class _EpochPrinter(keras.callbacks.Callback):
    """A line an epoch."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        shown = (
            "loss",
            "val_loss",
            "val_reconstruction_loss",
            "val_kl_loss",
            "val_d_real",
            "val_d_fake",
        )
        shown_values = "  ".join(f"{key} {logs[key]:.2f}" for key in shown if key in logs)
        print(f"{self.name}  epoch {epoch + 1}  {shown_values}", flush=True)
