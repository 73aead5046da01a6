"""Training steps on several devices: the replicas of a model that take part in one step.

TensorFlow is imported where it is Keras's backend alone, so that models also run without it.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def replicas() -> int:
    """Returns the number of replicas whose losses TensorFlow adds up.

    It is 1 on other backends, where a step sees the global batch.
    """
    context = _context()
    return 1 if context is None else context.num_replicas_in_sync


def normal(shape: Any, seed: keras.random.SeedGenerator) -> Any:
    """Draws standard normal noise, float32 of `shape`, [batch, ...], other noise on each replica.

    The seed's state is the same on all of them, so each draws for the global batch and takes its
    own part: noise is then what one device would draw for the same global batch.
    """
    count = replicas()
    if count == 1:
        return keras.random.normal(shape, dtype="float32", seed=seed)
    batch, *rest = shape
    noise = keras.random.normal((count * batch, *rest), dtype="float32", seed=seed)
    return noise[_context().replica_id_in_sync_group * batch :][:batch]


def reducible(logs: dict[str, Any]) -> dict[str, Any]:
    """Returns the logs of a step in the shape that Keras 3.15 can average over replicas.

    On a pool of workers it takes the mean over axis 0, so scalars become vectors of one.
    """
    context = _context()
    if context is None or not context.strategy.extended._in_multi_worker_mode():
        return logs
    return {name: ops.reshape(value, (1,)) for name, value in logs.items()}


def _context() -> Any:
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    return tf.distribute.get_replica_context()
