"""The two SavedModels of a training as functions of numpy arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from trainer.data.records import BATCH, Records, to_pixels
from trainer.export.metadata import condition_names, has_prior, read_metadata, takes_labels

SCORE = "score"


@dataclasses.dataclass(frozen=True)
class ScoredBatch:
    """The scores of n images under a model. The losses are nats per image at a sampled z; without a
    posterior at z_mean, and there is neither KL nor variance."""

    records: Records
    reconstructions: np.ndarray  # float [n, height, width, channels] in [0, 1], at z = z_mean
    z_mean: np.ndarray  # float [n, latent_dim]
    reconstruction_loss: np.ndarray  # float [n]
    kl_loss: np.ndarray | None  # float [n]
    z_log_var: np.ndarray | None = None  # float [n, latent_dim]


def encode_condition(
    metadata: dict[str, Any], labels: Sequence[str], attributes: np.ndarray
) -> np.ndarray | None:
    """Returns the condition of n images with these labels and attributes (0 or 1, [n, names]),
    float32 [n, names]; None for an unconditional model. A label that the model does not know is all
    zeros."""
    names = condition_names(metadata)
    if not names:
        return None
    if not takes_labels(metadata):
        return np.asarray(attributes, np.float32)
    return (np.asarray(labels, object)[:, None] == np.asarray(names, object)).astype(np.float32)


class _LoadedSavedModel:
    """A SavedModel and its metadata, part of it as attributes: see `trainer.export.metadata`."""

    def __init__(self, directory: str, metadata: dict[str, Any] | None = None) -> None:
        """Loads a SavedModel. metadata: the contents of its model.json, where they are at hand."""
        self._loaded = tf.saved_model.load(directory)  # its signatures alone keep no variables
        self.metadata = read_metadata(directory) if metadata is None else metadata
        self.latent_dim: int = self.metadata["latent_dim"]
        self.conditions = condition_names(self.metadata)
        self.by_label = takes_labels(self.metadata)
        self.has_prior = has_prior(self.metadata)

    def _call(
        self, signature: str, inputs: dict[str, Any], condition: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        tensors = {name: tf.constant(values) for name, values in inputs.items()}
        if condition is not None:
            tensors["condition"] = tf.constant(condition.astype(np.float32))
        outputs = self._loaded.signatures[signature](**tensors)
        return {name: values.numpy() for name, values in outputs.items()}


class LoadedDecoder(_LoadedSavedModel):
    """The serving model: decodes codes and samples the prior."""

    def decode(self, codes: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
        """Returns the images of codes [n, latent_dim] as uint8 [n, height, width, channels].

        condition: of all codes, [names], or of each, [n, names]; None without one.
        """
        rows = _for_each(condition, len(codes))
        images = []
        for start in range(0, len(codes), BATCH):
            inputs = {"z": codes[start : start + BATCH].astype(np.float32)}
            part = None if rows is None else rows[start : start + BATCH]
            images.append(self._call("decode", inputs, part)["image"])
        return to_pixels(np.concatenate(images))

    def sample(
        self, count: int, seed: int, condition: np.ndarray | None = None, *, batch_size: int = BATCH
    ) -> np.ndarray:
        """Returns at least one image of the prior as uint8 [count, height, width, channels].

        seed: of the first batch; each further batch has the next seed.
        condition: of all images, [names], or of each, [count, names]; None without one.
        batch_size: images drawn at a time. The images depend on it where it is below `count`.
        """
        rows = _for_each(condition, count)
        images = []
        for number, start in enumerate(range(0, count, batch_size)):
            size = min(batch_size, count - start)
            inputs = {"count": np.int32(size), "seed": np.int64(seed + number)}
            part = None if rows is None else rows[start : start + size]
            images.append(self._call("sample", inputs, part)["image"])
        return to_pixels(np.concatenate(images))


class LoadedModel(_LoadedSavedModel):
    """The full model: encodes and scores images."""

    @property
    def can_score(self) -> bool:
        return SCORE in self._loaded.signatures

    def encode(self, records: Records) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns z_mean and z_log_var, float32 [n, latent_dim] each; z_log_var is None without
        a posterior."""
        batches = [
            self._call_on("encode", records.rows(slice(start, start + BATCH)))
            for start in range(0, len(records.keys), BATCH)
        ]
        z_mean = np.concatenate([batch["z_mean"] for batch in batches])
        if not self.has_prior:
            return z_mean, None
        return z_mean, np.concatenate([batch["z_log_var"] for batch in batches])

    def score(self, records: Records, noise: np.ndarray) -> ScoredBatch:
        """Scores n images; the encoder runs once. noise: float32 [n, latent_dim]; not used without
        a posterior: the reconstruction itself is scored then."""
        outputs = self._call_on(SCORE, records, **({"noise": noise} if self.has_prior else {}))
        return ScoredBatch(
            records=records,
            reconstructions=outputs["image"],
            z_mean=outputs["z_mean"],
            z_log_var=outputs.get("z_log_var"),
            reconstruction_loss=outputs["reconstruction_loss"],
            kl_loss=outputs.get("kl_loss"),
        )

    def log_likelihood(self, records: Records, z: np.ndarray) -> np.ndarray:
        """Returns log p(x|z) of each image at its z [n, latent_dim], in nats, float32 [n]."""
        return self._call_on("log_likelihood", records, z=z.astype(np.float32))["log_likelihood"]

    def _call_on(
        self, signature: str, records: Records, **inputs: np.ndarray
    ) -> dict[str, np.ndarray]:
        condition = encode_condition(self.metadata, records.labels, records.attributes)
        raw = np.array([image.tobytes() for image in records.images], object)
        return self._call(signature, {"image": raw, **inputs}, condition)


def _for_each(condition: np.ndarray | None, count: int) -> np.ndarray | None:
    """Returns the condition of each of `count` codes, [count, names]."""
    return None if condition is None else np.broadcast_to(condition, (count, condition.shape[-1]))
