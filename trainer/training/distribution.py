"""The devices and the precision of a training, and a model compiled for them."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator

import keras
import tensorflow as tf

from trainer.config import TrainerConfig
from trainer.models.registry import build_model
from trainer.models.vae import VAE
from trainer.training.optimizers import make_optimizer


def make_strategy() -> tf.distribute.Strategy:
    """Returns a strategy over all visible GPUs, of this machine or of TF_CONFIG's worker pool.

    On a pool it must come before any other use of TensorFlow in the process.
    """
    if _pool_size() > 1:
        return tf.distribute.MultiWorkerMirroredStrategy()
    if len(tf.config.list_physical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def is_chief() -> bool:
    """Returns True in the process that writes the results; the others of a pool only compute."""
    task = _cluster_config().get("task", {})
    if _pool_size() < 2:
        return True
    if "chief" in _cluster_config()["cluster"]:
        return task.get("type") == "chief"
    return task.get("index") == 0


def on_gpu() -> bool:
    """Returns True where TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def dtype_policy(precision: str) -> str:
    """Returns the Keras policy for a `train.precision`."""
    if precision == "auto":
        precision = "bfloat16" if on_gpu() else "float32"
    return "mixed_bfloat16" if precision == "bfloat16" else precision


def compiled(config: TrainerConfig) -> VAE:
    """Returns a seeded, built and compiled model: everything that a checkpoint holds exists.

    On CPUs the process computes the same bits every time from here on. XLA is for GPUs; on a CPU
    it is slower than oneDNN.
    """
    if not on_gpu():
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(config.train.seed)
    with _precision(dtype_policy(config.train.precision)):
        model = build_model(config)
        model.compile(
            optimizer=make_optimizer(model, config.train.optimizer, config.train.learning_rate),
            jit_compile=on_gpu(),
        )
    return model


def in_float32(model: VAE) -> VAE:
    """Returns a model on one device that computes in float32, with the same weights."""
    with _precision("float32"):
        exact = build_model(model.config)
    exact.set_weights(model.get_weights())
    return exact


@contextlib.contextmanager
def _precision(policy: str) -> Iterator[None]:
    """Sets a dtype policy, and at the end the process's own policy again."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _pool_size() -> int:
    cluster = _cluster_config().get("cluster", {})
    return sum(len(cluster.get(role, ())) for role in ("chief", "worker"))


def _cluster_config() -> dict:
    return json.loads(os.environ.get("TF_CONFIG") or "{}")
