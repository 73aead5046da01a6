"""Starting from the weights of a model that was exported before."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np
import tensorflow as tf

from data_prep.errors import InputError
from trainer.export.metadata import LEARNED_FILE, condition_names, read_metadata
from trainer.models.vae import VAE
from trainer.training.json_files import read_json

FULL_MODEL = "Format-TFMA"  # TFX's name for the folder of eval_model_dir beside the serving model
KEY = re.compile(r"weights/(\d+)/\.ATTRIBUTES/VARIABLE_VALUE")


def full_model_beside(serving_model: str) -> str:
    """Returns the full model beside an exported decoder, by TFX's layout of a Model artifact."""
    return os.path.join(os.path.dirname(serving_model.rstrip("/")), FULL_MODEL)


def read_learned(serving_model: str) -> dict[str, Any]:
    """Reads learned.json beside a decoder; empty where there is none."""
    path = os.path.join(os.path.dirname(serving_model.rstrip("/")), LEARNED_FILE)
    return read_json(path) or {}


def copy_models(serving_model: str, serving_model_dir: str, eval_model_dir: str) -> None:
    """Copies an exported decoder and the full model beside it, byte for byte."""
    full_model = full_model_beside(serving_model)
    for source, target in ((serving_model, serving_model_dir), (full_model, eval_model_dir)):
        for folder, _, names in tf.io.gfile.walk(source):
            place = os.path.join(target, os.path.relpath(folder, source))
            tf.io.gfile.makedirs(place)
            for name in names:
                path = os.path.join(place, name)
                tf.io.gfile.copy(os.path.join(folder, name), path, overwrite=True)


def start_from(model: VAE, directory: str) -> None:
    """Gives `model` the weights of the full model in `directory`.

    Raises:
      InputError: without such a model, or where its condition has other names or its weights other
        shapes.
    """
    weights = _weights(directory)
    _check_names(model, directory)
    wanted = [tuple(variable.shape) for variable in model.weights]
    shapes = [values.shape for values in weights]
    if shapes != wanted:
        raise InputError(
            f"train.warm_start: the model in {directory} has {_size(shapes)} weights of other "
            f"shapes than this one with {_size(wanted)}, allowed: the same model settings, or false"
        )
    model.set_weights(weights)


def _check_names(model: VAE, directory: str) -> None:
    """Refuses a condition of other names: weights of equal shapes may stand for other words."""
    old = condition_names(read_metadata(directory))
    new = model.config.condition_names
    if old and new and old != new:
        came, went = sorted(set(new) - set(old)), sorted(set(old) - set(new))
        kind = model.config.model.condition
        raise InputError(
            f"train.warm_start: the model in {directory} has another {kind} (new in these "
            f"data: {', '.join(came) or 'none'}; gone: {', '.join(went) or 'none'}), allowed: the "
            "same names, or false"
        )


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
