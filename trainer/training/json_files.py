"""JSON files on any filesystem that TensorFlow knows."""

from __future__ import annotations

import json
import os
from typing import Any

import tensorflow as tf


def read_json(path: str) -> dict[str, Any] | None:
    """Reads a JSON file; None where there is none."""
    try:
        with tf.io.gfile.GFile(path) as file:
            return json.loads(file.read())
    except tf.errors.NotFoundError:
        return None


def write_json(path: str, value: Any, *, sort_keys: bool = False) -> None:
    """Writes a JSON file, all or nothing, so that a kill leaves no half of it."""
    tf.io.gfile.makedirs(os.path.dirname(path))
    part = f"{path}.{os.getpid()}.part"
    with tf.io.gfile.GFile(part, "w") as file:
        file.write(json.dumps(value, indent=2, sort_keys=sort_keys) + "\n")
    tf.io.gfile.rename(part, path, overwrite=True)
