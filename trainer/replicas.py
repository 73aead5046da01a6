"""What a step needs to know about the other devices that take part in it."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def replicas() -> int:
    """Replicas whose losses TensorFlow adds up; other backends see the global batch."""
    return 1 if _context() is None else _context().num_replicas_in_sync


def normal(shape: Any, seed: keras.random.SeedGenerator) -> Any:
    """Standard normal noise, float32 of `shape`, [batch, ...], different on every replica.

    The seed's state is the same on all of them, so each draws for the global batch and keeps its
    own part: noise is then what one device would draw for the same global batch.
    """
    count = replicas()
    if count == 1:
        return keras.random.normal(shape, dtype="float32", seed=seed)
    batch, *rest = shape
    noise = keras.random.normal((count * batch, *rest), dtype="float32", seed=seed)
    return noise[_context().replica_id_in_sync_group * batch :][:batch]


def reducible(logs: dict[str, Any]) -> dict[str, Any]:
    """What a step may return to Keras 3.15, which on a pool of workers takes the mean over
    axis 0: there scalars become vectors of one."""
    context = _context()
    if context is None or not context.strategy.extended._in_multi_worker_mode():
        return logs
    return {name: ops.reshape(value, (1,)) for name, value in logs.items()}


def _context() -> Any:
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    return tf.distribute.get_replica_context()
