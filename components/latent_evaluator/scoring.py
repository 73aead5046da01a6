"""One pass of a model over the shards of a split, on Beam."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

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
        for records in read_records(path):
            tally.add(self._model.score(records, self._scoring))
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
        self._description = describe(directory)

    def score(self, read: Records, scoring: Scoring) -> Batch:
        given = {"image": tf.constant(read.images, tf.string)}
        condition = condition_of(self._description, read)
        if condition is not None:
            given["condition"] = tf.constant(condition)
        size = self._description["latent_dim"]
        noise = np.stack([noise_for(key, scoring.seed, size) for key in read.keys])
        encoded = self._call("encode", **given)
        reconstructed = self._call("reconstruct", **given)
        # without a posterior there is no noise: the reconstruction itself is what is scored
        scored = reconstructed
        if "elbo" in self._loaded.signatures:
            scored = self._call("elbo", **given, noise=tf.constant(noise))
        pixels = np.frombuffer(b"".join(read.images), np.uint8)
        return Batch(
            keys=read.keys,
            labels=read.labels,
            images=pixels.reshape(len(read.images), *scoring.image.as_tuple),
            reconstructions=reconstructed["image"],
            z_mean=encoded["z_mean"],
            reconstruction_loss=scored["reconstruction_loss"],
            kl_loss=scored.get("kl_loss"),
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


class Records(NamedTuple):
    """Images of a shard. labels: "" where there is none; attributes: int64 [n, names]."""

    keys: list[bytes]
    labels: list[str]
    images: list[bytes]
    attributes: np.ndarray


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
    )


def read_records(path: str) -> Iterator[Records]:
    """The images of a shard, in batches."""
    spec = {
        features.KEY: tf.io.FixedLenFeature([], tf.string),
        features.LABEL: tf.io.FixedLenFeature([], tf.string, default_value=""),
        features.IMAGE: tf.io.FixedLenFeature([], tf.string),
        features.ATTRIBUTES: tf.io.RaggedFeature(tf.int64),
    }
    records = tf.data.TFRecordDataset(path, compression_type="GZIP").batch(BATCH)
    for batch in records.map(lambda serialized: tf.io.parse_example(serialized, spec)).prefetch(2):
        labels = [label.decode("utf-8", "replace") for label in batch[features.LABEL].numpy()]
        yield Records(
            keys=batch[features.KEY].numpy().tolist(),
            labels=labels,
            images=batch[features.IMAGE].numpy().tolist(),
            attributes=batch[features.ATTRIBUTES].to_tensor().numpy(),
        )
