import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.config import TrainConfig
from trainer.data.dataset import make_dataset
from trainer.models.registry import build_model
from trainer.training.best_epoch import BestEpoch, EpochRule, set_exported_weights
from trainer.training.callbacks import History
from trainer.training.checkpoints import Checkpoint, checkpoint_directory
from trainer.training.optimizers import make_optimizer


def train(prepared, settings, checkpoint, until):
    """Trains up to epoch `until`, from the checkpoint where there is one, as run_fn does."""
    keras.utils.set_random_seed(settings.train.seed)
    model = build_model(settings)
    model.compile(optimizer=make_optimizer(model, "adam", 1e-3), jit_compile=False)
    first = checkpoint.restore(model)
    model.fit(
        make_dataset(
            prepared.source("train", features=("image", "label_index")),
            batch_size=16,
            cache_mib=100,
            shuffle_seed=settings.train.seed,
            first_epoch=first,
        ),
        validation_data=make_dataset(
            prepared.source("eval", features=("image", "label_index")), batch_size=16, cache_mib=100
        ),
        steps_per_epoch=4,
        initial_epoch=first,
        epochs=until,
        shuffle=False,
        callbacks=[checkpoint.history, checkpoint.best, checkpoint],
        verbose=0,
    )
    return model


def new_checkpoint(directory):
    best = BestEpoch(History(), EpochRule(metric="val_loss"), TrainConfig())
    return Checkpoint(str(directory), best)


@pytest.mark.parametrize(
    ("family", "condition"),
    [("vae", "none"), ("cvae", "label"), ("vae_gan", "label"), ("denoising_ae", "none")],
)
def test_resumed_training_ends_with_the_same_weights(
    prepared, tiny_config, tmp_path, family, condition
):
    """Bit for bit; the GAN with its three optimizers and whose turn it is."""
    settings = tiny_config(family=family, condition=condition, architecture="conv_28")
    settings = dataclasses.replace(settings, labels=("bar", "ring"))
    whole = new_checkpoint(tmp_path / "a")
    undisturbed = train(prepared, settings, whole, until=4)
    train(prepared, settings, new_checkpoint(tmp_path / "b"), until=2)
    again = new_checkpoint(tmp_path / "b")
    resumed = train(prepared, settings, again, until=4)
    for one, other in zip(undisturbed.variables, resumed.variables, strict=True):
        assert np.array_equal(one, other), one.path
    for one, other in zip(
        undisturbed.optimizer.variables, resumed.optimizer.variables, strict=True
    ):
        assert np.array_equal(one, other), one.path
    assert [epoch["epoch"] for epoch in again.history.epochs] == [1, 2, 3, 4]
    exported = [
        set_exported_weights(m, c.best) for m, c in ((undisturbed, whole), (resumed, again))
    ]
    assert exported[0] == exported[1]
    for one, other in zip(undisturbed.get_weights(), resumed.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_the_best_epoch_before_a_kill_is_exported_after_it(prepared, tiny_config, tmp_path):
    settings = tiny_config()
    killed = new_checkpoint(tmp_path)
    killed.best.rule = EpochRule(metric="epoch")  # the first epoch, whatever comes after it
    first = train(prepared, settings, killed, until=1).get_weights()
    again = new_checkpoint(tmp_path)
    again.best.rule = killed.best.rule
    model = train(prepared, settings, again, until=2)
    assert not all(map(np.array_equal, first, model.get_weights()))
    assert set_exported_weights(model, again.best).epoch == 1
    assert all(map(np.array_equal, first, model.get_weights()))


def test_best_weights_and_history_come_back(prepared, tiny_config, tmp_path):
    settings = tiny_config()
    saved = new_checkpoint(tmp_path)
    train(prepared, settings, saved, until=2)
    restored = new_checkpoint(tmp_path)
    model = build_model(settings)
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    model.optimizer.build(model.trainable_variables)
    assert restored.restore(model) == 2
    assert restored.history.epochs == saved.history.epochs
    assert len(saved.best.weights) == len(model.get_weights())
    for one, other in zip(saved.best.weights, restored.best.weights, strict=True):
        assert np.array_equal(one, other)
    assert sorted(os.listdir(tmp_path)) == ["checkpoint.npz"]
    restored.remove()
    assert not tmp_path.exists()


def test_directory_depends_on_every_part():
    parts = {"settings": "{}", "data": "1", "code": "2"}
    directory = checkpoint_directory("root", **parts)
    assert directory.startswith("root/")
    assert directory == checkpoint_directory("root", **dict(reversed(parts.items())))
    others = {checkpoint_directory("root", **(parts | {name: "changed"})) for name in parts}
    assert len(others | {directory}) == 4


RUN = """
import logging, os, signal, sys, types
import trainer.training.progress
from trainer.run_fn import run_fn

class Kill(logging.Handler):
    def emit(self, record):
        at = getattr(record, "progress", None)
        if at and not at.epoch_ended and (at.epoch, at.step) == (3, 2):
            os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[2] == "kill":
    trainer.training.progress.STEP_INTERVAL = 0.0
    trainer.training.progress.LOGGER.setLevel(logging.DEBUG)
    trainer.training.progress.LOGGER.addHandler(Kill())
run_fn(types.SimpleNamespace(**__import__("json").loads(sys.argv[1])))
"""


@pytest.mark.slow
def test_killed_in_mid_epoch_and_resumed(prepared, tiny_config, tmp_path):
    """SIGKILL between two steps of epoch 3 of 5; the exported weights are bit-equal."""
    import json

    settings = tiny_config(epochs=5)

    def run(out, how):
        return subprocess.run(
            [sys.executable, "-c", RUN, json.dumps(vars(prepared.fn_args(out, settings))), how],
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
        )

    killed = run(tmp_path / "killed", "kill")
    assert killed.returncode == -9, killed.stderr
    (kept,) = (tmp_path / "killed" / "checkpoints").iterdir()
    assert [path.name for path in kept.iterdir()] == ["checkpoint.npz"]
    assert not (tmp_path / "killed" / "decoder").exists()

    for name in ("killed", "undisturbed"):
        result = run(tmp_path / name, "on")
        assert result.returncode == 0, result.stderr
        assert not list((tmp_path / name / "checkpoints").iterdir())  # gone after success

    def weights(name):
        reader = tf.train.load_checkpoint(str(tmp_path / name / "full/variables/variables"))
        keys = sorted(reader.get_variable_to_shape_map())
        return {key: reader.get_tensor(key) for key in keys if "OBJECT_GRAPH" not in key}

    killed, undisturbed = weights("killed"), weights("undisturbed")
    assert killed.keys() == undisturbed.keys()
    for key, value in undisturbed.items():
        assert np.array_equal(value, killed[key]), key

    def metrics(name):
        history = json.loads((tmp_path / name / "run/history.json").read_text())
        return [{k: v for k, v in e.items() if k != "seconds"} for e in history["epochs"]]

    assert metrics("killed") == metrics("undisturbed")
    assert len(metrics("killed")) == 5
