"""The Transform component's user function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from data_prep import features
from trainer.config import LABEL_INDEX, SETTINGS, TrainerConfig


def preprocessing_fn(
    inputs: Mapping[str, Any], custom_config: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Passes images on as bytes and numbers the labels; pixels are decoded in the trainer.

    Args:
      inputs: the raw features of a batch, dense or sparse; label and attributes may be absent.
      custom_config: `settings`, the JSON of `TrainerConfig`.

    Returns:
      image: string [batch], raw uint8 pixels, untouched.
      label_index: int64 [batch], place of the label among the sorted words; -1: not a word
        of the config or of the training split. Present where the data has labels.
      attributes: int64, untouched. Present where the data has attributes.
    """
    config = TrainerConfig.from_json((custom_config or {}).get(SETTINGS, "{}"))
    outputs = {features.IMAGE: _one_per_example(inputs[features.IMAGE])}
    if features.LABEL in inputs:
        label = _one_per_example(inputs[features.LABEL])
        outputs[LABEL_INDEX] = (
            _index_among(label, config.labels) if config.labels else _index_among_all(label)
        )
    if features.ATTRIBUTES in inputs:
        outputs[features.ATTRIBUTES] = inputs[features.ATTRIBUTES]
    return outputs


def _one_per_example(feature: Any) -> tf.Tensor:
    """Returns a string feature with one value an example, dense or sparse, as [batch]."""
    if isinstance(feature, tf.SparseTensor):
        column = tf.SparseTensor(feature.indices, feature.values, [feature.dense_shape[0], 1])
        feature = tf.sparse.to_dense(column)
    return tf.reshape(feature, [-1])


def _index_among(label: tf.Tensor, words: tuple[str, ...]) -> tf.Tensor:
    numbered = tf.lookup.KeyValueTensorInitializer(
        tf.constant(words), tf.range(len(words), dtype=tf.int64)
    )
    return tf.lookup.StaticHashTable(numbered, default_value=-1).lookup(label)


def _index_among_all(label: tf.Tensor) -> tf.Tensor:
    """Returns the place among the sorted words of the whole training split.

    Transform orders a vocabulary by weight, and equal weights in reverse lexicographic
    order; with all weights zero that leaves the words sorted, last one first.
    """
    words = tft.vocabulary(label, weights=tf.zeros(tf.shape(label)), vocab_filename=features.LABEL)
    backwards = tft.apply_vocabulary(label, words, default_value=-1)
    last = tft.experimental.get_vocabulary_size_by_name(features.LABEL) - 1
    return tf.where(backwards < 0, backwards, last - backwards)
