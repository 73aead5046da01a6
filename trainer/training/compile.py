"""A model ready to be trained, and the same weights ready to be exported."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from trainer.config import TrainerConfig
from trainer.models.registry import build_model
from trainer.models.vae import VAE
from trainer.training.distribution import dtype_policy, on_gpu
from trainer.training.optimizers import make_optimizer


def compiled(config: TrainerConfig) -> VAE:
    """Returns a seeded, built and compiled model: everything that a checkpoint holds exists.

    On CPUs the process computes the same bits every time from here on. XLA is for GPUs; on a CPU
    it is slower than oneDNN.
    """
    if not on_gpu():
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(config.train.seed)
    return _with_precision(dtype_policy(config.train.precision), lambda: _compiled(config))


def in_float32(model: VAE) -> VAE:
    """Returns a model on one device that computes in float32, with the same weights."""
    exact = _with_precision("float32", lambda: build_model(model.config))
    exact.set_weights(model.get_weights())
    return exact


def _compiled(config: TrainerConfig) -> VAE:
    model = build_model(config)
    model.compile(
        optimizer=make_optimizer(model, config.train.optimizer, config.train.learning_rate),
        jit_compile=on_gpu(),
    )
    return model


def _with_precision(policy: str, build: Callable[[], VAE]) -> VAE:
    """Builds under a dtype policy and leaves the process's own policy as it was."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return build()
    finally:
        keras.config.set_dtype_policy(before)
