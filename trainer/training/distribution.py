"""The devices that train together, and the precision they compute in."""

from __future__ import annotations

import json
import os

import tensorflow as tf


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


def _pool_size() -> int:
    cluster = _cluster_config().get("cluster", {})
    return sum(len(cluster.get(role, ())) for role in ("chief", "worker"))


def _cluster_config() -> dict:
    return json.loads(os.environ.get("TF_CONFIG") or "{}")
