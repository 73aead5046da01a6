"""The SavedModels of a training, on numpy arrays."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import tensorflow as tf
from tfx import types
from tfx.utils import path_utils

from trainer.config import WITHOUT_PRIOR, ImageShape
from trainer.data.records import Records
from trainer.export.loaded import ScoredBatch
from trainer.export.saved_model import DESCRIPTION

BATCH = 256
SCORE = "score"


def full_model(model: types.Artifact) -> str:
    """The directory of the full model."""
    return path_utils.eval_model_path(model.uri)


def describe(model_dir: str) -> dict[str, Any]:
    """What the trainer wrote beside a SavedModel about it."""
    with tf.io.gfile.GFile(os.path.join(model_dir, DESCRIPTION)) as file:
        return json.loads(file.read())


def condition_of(description: dict[str, Any], records: Records) -> np.ndarray | None:
    """What a model is told about images, float32 [n, names]; None where it is told nothing.

    A label that the model does not know is all zeros.
    """
    condition = description.get("condition")
    if condition is None:
        return None
    if condition["kind"] == "attributes":
        return records.attributes.astype(np.float32)
    return np.array(
        [[label == name for name in condition["names"]] for label in records.labels], np.float32
    ).reshape(len(records.labels), len(condition["names"]))


class FullModel:
    """The full model: encodes, reconstructs, scores."""

    def __init__(self, directory: str) -> None:
        self._signatures = tf.saved_model.load(directory).signatures
        self.description = describe(directory)
        self.latent_dim: int = self.description["latent_dim"]
        self.has_posterior = self.description["family"] not in WITHOUT_PRIOR
        self.can_be_scored = SCORE in self._signatures

    def score(self, records: Records, noise: np.ndarray, image: ImageShape) -> ScoredBatch:
        """Everything about a batch of images; the encoder runs once.

        Args:
          records: n images.
          noise: float32 [n, latent_dim]; without a posterior it is not used: the
            reconstruction itself is what is scored then.
          image: the shape of each.
        """
        given = self._given(records)
        if self.has_posterior:
            given["noise"] = tf.constant(noise)
        found = _call(self._signatures[SCORE], given)
        pixels = np.frombuffer(b"".join(records.images), np.uint8)
        return ScoredBatch(
            keys=records.keys,
            labels=records.labels,
            attributes=records.attributes if records.attributes.shape[1] else None,
            images=pixels.reshape(len(records.images), *image.as_tuple),
            reconstructions=found["image"],
            z_mean=found["z_mean"],
            z_log_var=found.get("z_log_var"),
            reconstruction_loss=found["reconstruction_loss"],
            kl_loss=found.get("kl_loss"),
        )

    def encode(self, records: Records) -> tuple[np.ndarray, np.ndarray | None]:
        """z_mean and z_log_var, float32 [n, latent_dim]; None without a posterior."""
        found = _call(self._signatures["encode"], self._given(records))
        return found["z_mean"], found.get("z_log_var")

    def log_likelihood(self, records: Records, z: np.ndarray) -> np.ndarray:
        """log p(x|z) of each image at its z, in nats, float32 [n]."""
        given = {**self._given(records), "z": tf.constant(z.astype(np.float32))}
        return _call(self._signatures["log_likelihood"], given)["log_likelihood"]

    def _given(self, records: Records) -> dict[str, tf.Tensor]:
        given = {"image": tf.constant(records.images, tf.string)}
        condition = condition_of(self.description, records)
        return given if condition is None else {**given, "condition": tf.constant(condition)}


class Decoder:
    """The serving model: what is pushed."""

    def __init__(self, directory: str) -> None:
        self._signatures = tf.saved_model.load(directory).signatures

    def sample(self, count: int, seed: int, conditions: np.ndarray | None = None) -> np.ndarray:
        """Images of the prior, uint8 [count, height, width, channels].

        Args:
          count: at least 1. They are made in batches, each from a seed of its own.
          seed: of the first batch.
          conditions: float32 [count, names] of a conditional model.
        """
        made = []
        for number, start in enumerate(range(0, count, BATCH)):
            size = min(BATCH, count - start)
            given = {"count": tf.constant(size), "seed": tf.constant(seed + number, tf.int64)}
            if conditions is not None:
                given["condition"] = tf.constant(conditions[start : start + size])
            made.append(as_pixels(_call(self._signatures["sample"], given)["image"]))
        return np.concatenate(made)


def as_pixels(images: np.ndarray) -> np.ndarray:
    """Float images in [0, 1] as uint8; NaN as black."""
    return np.rint(np.nan_to_num(images).clip(0, 1) * 255).astype(np.uint8)


def _call(signature: Any, given: dict[str, tf.Tensor]) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in signature(**given).items()}
