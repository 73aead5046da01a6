"""One trial in a process of its own: `python -m trainer.tuning.trial DIRECTORY ARRAYS`.

Its memory is free when it ends, and a kill of it ends nothing else. It reads
request.json and writes result.json, and goes on from its last epoch if it was killed.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
from typing import Any

import keras
import tensorflow as tf

from data_prep import features as names
from data_prep.config_base import parse
from trainer.config import TrainerConfig
from trainer.data.dataset import from_arrays
from trainer.figures.sheet import mosaic, to_png
from trainer.models.vae import VAE
from trainer.training.best_epoch import BestEpoch, epoch_rule, set_exported_weights
from trainer.training.callbacks import History
from trainer.training.checkpoints import CHECKPOINT, Checkpoint
from trainer.training.compile import compiled
from trainer.training.json_files import read_json, write_json
from trainer.training.progress import ProgressReporter, TrainingDiverged
from trainer.training.schedules import Schedules
from trainer.tuning.config import TunerConfig
from trainer.tuning.objective import mean_of, measure, score
from trainer.tuning.train_feature_network import load_feature_network
from trainer.tuning.trial_data import read_arrays
from trainer.tuning.trial_process import end_with_parent
from trainer.tuning.trial_store import COMPLETED, FAILED, PROGRESS, REQUEST, RESULT, STRIP


def run(directory: str, arrays: str) -> dict[str, Any]:
    """Trains and measures the model that request.json describes; writes and returns result.json.

    `arrays` is what `trainer.tuning.trial_data` wrote. A training that diverges or runs out of
    memory is a result too.
    """
    request = read_json(os.path.join(directory, REQUEST))
    assert request is not None
    began = time.monotonic()
    result: dict[str, Any] = {"state": FAILED, "epochs": 0}
    try:
        result |= _train_and_measure(request, directory, arrays)
    except (TrainingDiverged, tf.errors.ResourceExhaustedError, MemoryError) as error:
        result["message"] = describe(error)
    result["seconds"] = round(time.monotonic() - began, 3)
    write_json(os.path.join(directory, RESULT), result, sort_keys=True)
    return result


def describe(error: BaseException) -> str:
    """Returns one line about an error."""
    lines = str(error).strip().splitlines()
    if isinstance(error, (tf.errors.ResourceExhaustedError, MemoryError)):
        return f"out of memory: {lines[0] if lines else 'no details'}"
    return lines[0] if lines else type(error).__name__


def _train_and_measure(request: dict[str, Any], directory: str, arrays: str) -> dict[str, Any]:
    config = TrainerConfig.from_json(request["settings"])
    tuner = parse(TunerConfig, request["tuner"], "tuner")
    model = compiled(config)
    train, held_out = read_arrays(arrays, "train"), read_arrays(arrays, "eval")
    _train(model, train, held_out, directory, request["epochs"], request.get("goes_on_from"))
    metrics, samples = measure(
        model,
        held_out,
        mean_of(train[names.IMAGE]),
        tuner,
        config.train.batch_size,
        load_feature_network(arrays),
    )
    with tf.io.gfile.GFile(os.path.join(directory, STRIP), "wb") as file:
        file.write(to_png(mosaic(samples, len(samples))))
    bad = sorted(name for name, value in metrics.items() if not math.isfinite(value or 0.0))
    result = {"epochs": request["epochs"], "metrics": metrics | dict.fromkeys(bad)}
    if bad:
        return result | {"message": f"not finite: {', '.join(bad)}"}
    return result | {"state": COMPLETED, "score": score(tuner, metrics), "message": ""}


def _train(
    model: VAE,
    arrays: dict[str, Any],
    held_out: dict[str, Any],
    directory: str,
    epochs: int,
    goes_on_from: str | None,
) -> None:
    """Trains up to `epochs`, counted from the first epoch of the trial that it goes on from.

    The model ends with the weights that the Trainer would export.
    """
    config = model.config
    path = os.path.join(directory, CHECKPOINT)
    if goes_on_from and not tf.io.gfile.exists(path):
        with contextlib.suppress(tf.errors.NotFoundError):  # it is trained again, to the same bits
            tf.io.gfile.copy(os.path.join(goes_on_from, CHECKPOINT), path)
    history = History()
    best = BestEpoch(history, epoch_rule(config, validated=True), config.train)
    checkpoint = Checkpoint(directory, best)
    first = checkpoint.restore(model)
    steps = -(-len(arrays[names.IMAGE]) // config.train.batch_size)

    def write_progress(epoch: int, logs: Any) -> None:
        progress = {"epoch": epoch + 1, "epochs": epochs}
        write_json(os.path.join(directory, PROGRESS), progress, sort_keys=True)

    if first < epochs:
        batch_size, seed = config.train.batch_size, config.train.seed
        model.fit(
            from_arrays(arrays, batch_size=batch_size, shuffle_seed=seed, first_epoch=first),
            validation_data=from_arrays(held_out, batch_size=batch_size),
            epochs=epochs,
            initial_epoch=first,
            steps_per_epoch=steps,
            shuffle=False,
            callbacks=[
                Schedules(history, config.model, config.train),
                ProgressReporter(epochs, steps, config.train.learning_rate),
                history,
                best,
                checkpoint,
                keras.callbacks.LambdaCallback(on_epoch_end=write_progress),
            ],
            verbose=0,
        )
    set_exported_weights(model, best)


def _die_first() -> None:
    """Asks the kernel to kill this process before the search where memory runs out."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


if __name__ == "__main__":
    end_with_parent()
    _die_first()
    run(*sys.argv[1:])
