"""An exported model as functions of numpy arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from trainer.export.metadata import condition_names, has_prior, takes_labels
from trainer.figures.sheet import to_pixels

BATCH = 256


class Model:
    """The signatures of one SavedModel, in batches.

    latent_dim: of its codes.
    conditions: the names of the condition's values, in order; empty where it takes none.
    by_label: whether they are labels, of which an image has one, or else attributes.
    has_prior: whether codes are distributed as N(0, I).
    """

    def __init__(self, directory: str, description: dict[str, Any]) -> None:
        """`description` is what stands in its model.json."""
        self._loaded = tf.saved_model.load(directory)
        self.latent_dim: int = description["latent_dim"]
        self.conditions = condition_names(description)
        self.by_label = takes_labels(description)
        self.has_prior = has_prior(description)

    def decode(self, codes: np.ndarray, conditions: np.ndarray | None = None) -> np.ndarray:
        """Images of codes [n, latent_dim] under conditions [n, k]: uint8 [n, h, w, c]."""
        return to_pixels(self._call("decode", conditions, z=codes.astype(np.float32))["image"])

    def sample(self, count: int, seed: int, condition: np.ndarray | None = None) -> np.ndarray:
        """Images of z ~ N(0, I), under one condition [k] or one each [count, k]: uint8
        [count, h, w, c]."""
        arguments = {"count": tf.constant(count), "seed": tf.constant(seed, tf.int64)}
        if condition is not None:
            told = np.atleast_2d(condition).astype(np.float32)
            arguments["condition"] = tf.constant(told)
        return to_pixels(self._loaded.signatures["sample"](**arguments)["image"].numpy())

    def encode(
        self, images: np.ndarray, conditions: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """z_mean and z_log_var, float32 [n, latent_dim], of uint8 images; no z_log_var where
        codes have no spread. Full model only."""
        encoded = self._call("encode", conditions, image=_as_strings(images))
        return encoded["z_mean"], encoded.get("z_log_var") if self.has_prior else None

    def conditions_of(self, labels: Sequence[str], attributes: np.ndarray) -> np.ndarray | None:
        """What the model is told about images, float32 [n, k]; None where nothing.

        Args:
          labels: of each image.
          attributes: [n, names] of each image.
        """
        if not self.conditions:
            return None
        if not self.by_label:
            return np.asarray(attributes, np.float32)
        return np.array([[label == name for name in self.conditions] for label in labels], "f4")

    def _call(
        self, name: str, conditions: np.ndarray | None, **inputs: np.ndarray
    ) -> dict[str, np.ndarray]:
        if conditions is not None:
            inputs["condition"] = conditions.astype(np.float32)
        count = len(next(iter(inputs.values())))
        parts = [
            self._loaded.signatures[name](
                **{key: tf.constant(array[start : start + BATCH]) for key, array in inputs.items()}
            )
            for start in range(0, count, BATCH)
        ]
        return {key: np.concatenate([part[key].numpy() for part in parts]) for key in parts[0]}


def _as_strings(images: np.ndarray) -> np.ndarray:
    return np.array([image.tobytes() for image in images], object)


@dataclasses.dataclass(frozen=True)
class ScoredBatch:
    """What a model says about n images.

    keys, labels: n strings each (labels empty where the data has none).
    images: uint8 [n, height, width, channels].
    reconstructions: float [n, height, width, channels] in [0, 1], at z = z_mean.
    z_mean: float [n, latent_dim].
    reconstruction_loss, kl_loss: float [n], nats per image, at a sampled z; kl_loss is None
      without a posterior, z being z_mean then.
    z_log_var: float [n, latent_dim]; None without a posterior.
    attributes: int [n, names], 0 or 1; None where the data has none.
    """

    keys: list[bytes]
    labels: list[str]
    images: np.ndarray
    reconstructions: np.ndarray
    z_mean: np.ndarray
    reconstruction_loss: np.ndarray
    kl_loss: np.ndarray | None
    z_log_var: np.ndarray | None = None
    attributes: np.ndarray | None = None
