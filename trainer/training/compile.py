"""A model ready for training, and its weights ready for export."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

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
