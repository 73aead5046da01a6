"""One pass of a model over the shards of a split, on Beam."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
from apache_beam.utils import shared

from components.latent_evaluator.tally import Batch, Tally
from data_prep import features
from trainer.export import DESCRIPTION
from trainer.hparams import ImageShape

BATCH = 256


def describe(model_dir: str) -> dict[str, Any]:
    """What the trainer wrote beside a SavedModel about it."""
    with tf.io.gfile.GFile(os.path.join(model_dir, DESCRIPTION)) as file:
        return json.loads(file.read())


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scoring:
    """What every model of a run is measured on."""

    files: tuple[str, ...]  # gzip TFRecord shards
    image: ImageShape
    seed: int
    images_per_label: int

    def of(self, model_dir: str) -> beam.PTransform:
        """Pipeline -> PCollection of one Tally."""
        return _Score(self, model_dir)


class _Score(beam.PTransform):
    def __init__(self, scoring: Scoring, model_dir: str) -> None:
        super().__init__()
        self._scoring = scoring
        self._model_dir = model_dir

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        return (
            pipeline
            | "ListShards" >> beam.Create(self._scoring.files)
            | "SpreadShards" >> beam.Reshuffle()
            | "ScoreShards" >> beam.ParDo(_ScoreShard(self._scoring, self._model_dir))
            | "MergeTallies" >> beam.CombineGlobally(_Merge(self._scoring.images_per_label))
        )


class _ScoreShard(beam.DoFn):
    """Path of a shard -> its Tally. Few, large elements: TensorFlow reads the records."""

    def __init__(self, scoring: Scoring, model_dir: str) -> None:
        self._scoring = scoring
        self._model_dir = model_dir
        self._shared = shared.Shared()
        self._model: _Model | None = None

    def setup(self) -> None:
        self._model = self._shared.acquire(lambda: _Model(self._model_dir))

    def process(self, path: str) -> Iterator[Tally]:
        assert self._model is not None
        tally = Tally(self._scoring.images_per_label)
        for keys, labels, images in _read(path):
            tally.add(self._model.score(keys, labels, images, self._scoring))
        yield tally


class _Merge(beam.CombineFn):
    def __init__(self, images_per_label: int) -> None:
        super().__init__()
        self._images_per_label = images_per_label

    def create_accumulator(self) -> Tally:
        return Tally(self._images_per_label)

    def add_input(self, accumulator: Tally, element: Tally) -> Tally:
        accumulator.merge(element)
        return accumulator

    def merge_accumulators(self, accumulators: list[Tally]) -> Tally:
        merged = self.create_accumulator()
        for tally in accumulators:
            merged.merge(tally)
        return merged

    def extract_output(self, accumulator: Tally) -> Tally:
        return accumulator


class _Model:
    """The full model's signatures on numpy arrays."""

    def __init__(self, directory: str) -> None:
        self._loaded = tf.saved_model.load(directory)
        self._latent_dim = describe(directory)["latent_dim"]

    def score(
        self, keys: list[bytes], labels: list[str], images: list[bytes], scoring: Scoring
    ) -> Batch:
        strings = tf.constant(images, tf.string)
        noise = np.stack([noise_for(key, scoring.seed, self._latent_dim) for key in keys])
        encoded = self._call("encode", image=strings)
        reconstructed = self._call("reconstruct", image=strings)
        elbo = self._call("elbo", image=strings, noise=tf.constant(noise))
        pixels = np.frombuffer(b"".join(images), np.uint8)
        return Batch(
            keys=keys,
            labels=labels,
            images=pixels.reshape(len(images), *scoring.image.as_tuple),
            reconstructions=reconstructed["image"],
            z_mean=encoded["z_mean"],
            reconstruction_loss=elbo["reconstruction_loss"],
            kl_loss=elbo["kl_loss"],
        )

    def _call(self, signature: str, **inputs: tf.Tensor) -> dict[str, np.ndarray]:
        outputs = self._loaded.signatures[signature](**inputs)
        return {name: value.numpy() for name, value in outputs.items()}


def noise_for(key: bytes, seed: int, size: int) -> np.ndarray:
    """Standard normal noise, float32 [size], a function of the image's key and the seed alone.

    So two models meet the same noise, however the images are spread over workers.
    """
    digest = hashlib.blake2b(key, digest_size=16, salt=seed.to_bytes(8, "little")).digest()
    generator = np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
    return generator.standard_normal(size, dtype=np.float32)


def _read(path: str) -> Iterator[tuple[list[bytes], list[str], list[bytes]]]:
    """Keys, labels ("" where there is none) and raw images of a shard, in batches."""
    spec = {
        features.KEY: tf.io.FixedLenFeature([], tf.string),
        features.LABEL: tf.io.FixedLenFeature([], tf.string, default_value=""),
        features.IMAGE: tf.io.FixedLenFeature([], tf.string),
    }
    records = tf.data.TFRecordDataset(path, compression_type="GZIP").batch(BATCH)
    for batch in records.map(lambda serialized: tf.io.parse_example(serialized, spec)).prefetch(2):
        labels = [label.decode("utf-8", "replace") for label in batch[features.LABEL].numpy()]
        yield batch[features.KEY].numpy().tolist(), labels, batch[features.IMAGE].numpy().tolist()
