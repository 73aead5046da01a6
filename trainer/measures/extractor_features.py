"""What the extractor sees in images."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from trainer.measures.feature_network import FACTS, MODEL
from trainer.measures.frechet import distance_of_features, resampled_distances

_BATCH = 512


class Features(NamedTuple):
    """Of n images: values float32 [n, 64]; scores float32 [n, names], logits where the
    extractor classifies; the extractor's hash."""

    values: np.ndarray
    scores: np.ndarray
    extractor: str


class FeatureNetwork:
    """An extractor artifact, loaded. facts: its `extractor.json`."""

    def __init__(self, directory: str) -> None:
        self._signature = tf.saved_model.load(os.path.join(directory, MODEL)).signatures["features"]
        with tf.io.gfile.GFile(os.path.join(directory, FACTS)) as file:
            self.facts: dict[str, Any] = json.loads(file.read())

    def __call__(self, images: np.ndarray) -> Features:
        """images: uint8 [n, height, width, channels], n >= 1."""
        found = [
            self._signature(image=tf.constant(images[i : i + _BATCH]))
            for i in range(0, len(images), _BATCH)
        ]
        values, scores = (
            np.concatenate([each[name].numpy() for each in found])
            for name in ("features", "scores")
        )
        return Features(values, scores, self.facts["hash"])


def cfid(one: Features, other: Features) -> float:
    """The Fréchet distance of features, "c" for the custom extractor: no published FID.

    Raises:
      ValueError: where the features are of different extractors, whose units differ.
    """
    _refuse_unlike(one, other)
    return distance_of_features(one.values, other.values)


def resampled_cfid(
    one: Features, other: Features, counts: np.ndarray, other_counts: np.ndarray
) -> np.ndarray:
    """`cfid` under resamples [r, n] and [r, m], float64 [r]."""
    _refuse_unlike(one, other)
    return resampled_distances(one.values, other.values, counts, other_counts)


def _refuse_unlike(one: Features, other: Features) -> None:
    if one.extractor != other.extractor:
        raise ValueError(
            f"features of the extractors {one.extractor} and {other.extractor} cannot be compared"
        )
