"""Starting from the weights of a model that was exported before."""

from __future__ import annotations

import os
import re

import numpy as np
import tensorflow as tf

from data_prep.errors import InputError
from trainer.vae import VAE

FULL_MODEL = "Format-TFMA"  # TFX's name for the folder of eval_model_dir beside the serving model
KEY = re.compile(r"weights/(\d+)/\.ATTRIBUTES/VARIABLE_VALUE")


def full_model_beside(serving_model: str) -> str:
    """The full model that was exported with a decoder, by TFX's layout of a Model artifact."""
    return os.path.join(os.path.dirname(serving_model.rstrip("/")), FULL_MODEL)


def start_from(model: VAE, directory: str) -> None:
    """Gives `model` the weights of the full model in `directory`.

    Raises:
      InputError: where there is none, or its weights have other shapes.
    """
    found = _weights(directory)
    wanted = [tuple(variable.shape) for variable in model.weights]
    shapes = [values.shape for values in found]
    if shapes != wanted:
        raise InputError(
            f"train.warm_start: the model in {directory} has {_size(shapes)} weights of other "
            f"shapes than this one with {_size(wanted)}, allowed: the same model settings, or false"
        )
    model.set_weights(found)


def _weights(directory: str) -> list[np.ndarray]:
    prefix = os.path.join(directory, "variables", "variables")
    if not tf.io.gfile.exists(prefix + ".index"):
        raise InputError(f"train.warm_start: no model in {directory}, allowed: false without one")
    reader = tf.train.load_checkpoint(prefix)
    keys = {
        int(match[1]): key
        for key in reader.get_variable_to_shape_map()
        if (match := KEY.fullmatch(key))
    }
    return [reader.get_tensor(keys[index]) for index in sorted(keys)]


def _size(shapes: list[tuple[int, ...]]) -> str:
    return f"{sum(int(np.prod(shape)) for shape in shapes):,}"
