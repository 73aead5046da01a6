"""A tiny prepared data set with its transform graph, made once, and a way to train on it."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
import types
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from data_prep.features import ImageSpec
from data_prep.manifest import Manifest
from trainer.config import ImageShape, ModelConfig, TrainConfig, TrainerConfig
from trainer.data.dataset import DataSplit
from trainer.preprocessing import preprocessing_fn

SIDE = 8
RECORDS = {"train": 60, "eval": 20, "test": 10}
LABELS = ("ring", "bar")


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A prepared directory; `images` holds each split in the order in which shards are read."""

    directory: str
    transform: tft.TFTransformOutput
    images: dict[str, np.ndarray]

    def source(self, split: str = "train", **changes) -> DataSplit:
        values = {
            "patterns": (f"{self.directory}/Split-{split}/*",),
            "records": RECORDS[split],
            "image": ImageShape(height=SIDE, width=SIDE),
            "transform": self.transform,
        }
        return DataSplit(**(values | changes))

    def fn_args(self, out: Path, settings: TrainerConfig, **changes) -> types.SimpleNamespace:
        """What the Trainer's executor hands to run_fn."""
        values = {
            "train_files": [f"{self.directory}/Split-train/*"],
            "eval_files": [f"{self.directory}/Split-eval/*"],
            "train_steps": None,
            "eval_steps": None,
            "transform_graph_path": f"{self.directory}/transform",
            "serving_model_dir": str(out / "decoder"),
            "eval_model_dir": str(out / "full"),
            "model_run_dir": str(out / "run"),
            "custom_config": {
                "settings": settings.to_json(),
                "code_version": "1",
                "checkpoint_root": str(out / "checkpoints"),
            },
        }
        return types.SimpleNamespace(**(values | changes))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Prepared:
    directory = tmp_path_factory.mktemp("prepared")
    images, shards = {}, []
    for number, (split, count) in enumerate(RECORDS.items()):
        images[split] = _pictures(count, seed=number)
        # Two files of different length: the reader goes through the first, then the second,
        # as each is shorter than a block of its interleaving.
        for index, rows in enumerate(np.split(np.arange(count), [count // 3])):
            path = f"Split-{split}/examples-{index:05}-of-00002.gz"
            (directory / path).parent.mkdir(exist_ok=True)
            _write_shard(directory / path, images[split][rows], rows)
            shards.append({"path": path, "records": len(rows), "sha256": ""})
    manifest = Manifest(
        image=ImageSpec(height=SIDE, width=SIDE, channels=1, ink="white"),
        labels=tuple(sorted(LABELS)),
        attributes=(),
        counts={},
        rejects={},
        positives={},
        shards=tuple(shards),
        source={},
        options={},
        code_version="0",
    )
    (directory / "manifest.json").write_text(manifest.to_json())
    transform = _write_transform(directory / "transform")
    return Prepared(str(directory), transform, images)


@pytest.fixture
def tiny_config():
    """Builds a config for the `prepared` data; keyword arguments go to the right part."""

    def build(**changes) -> TrainerConfig:
        parts = {
            "model": {"latent_dim": 3},
            "train": {"epochs": 2, "batch_size": 16, "seed": 7, "pictures": False},
        }
        model_fields = {field.name for field in dataclasses.fields(ModelConfig)}
        for name, value in changes.items():
            parts["model" if name in model_fields else "train"][name] = value
        return TrainerConfig(
            image=ImageShape(height=SIDE, width=SIDE),
            model=ModelConfig(**parts["model"]),
            train=TrainConfig(**parts["train"]),
        )

    return build


def _pictures(count: int, seed: int) -> np.ndarray:
    """Bright bars on black, uint8 [count, SIDE, SIDE, 1], all different."""
    random = np.random.default_rng(seed)
    images = np.zeros((count, SIDE, SIDE, 1), np.uint8)
    for image in images:
        row, height = random.integers(0, SIDE - 2), random.integers(1, 3)
        image[row : row + height] = random.integers(60, 256)
        image[:, random.integers(SIDE)] += random.integers(1, 100, (SIDE, 1), np.uint8) // 2
    return images


def _write_shard(path: Path, images: np.ndarray, keys: np.ndarray) -> None:
    def feature(value: bytes) -> tf.train.Feature:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    with tf.io.TFRecordWriter(str(path), tf.io.TFRecordOptions("GZIP")) as writer:
        for image, key in zip(images, keys, strict=True):
            example = {
                "image": feature(image.tobytes()),
                "key": feature(b"%d" % key),
                "label": feature(LABELS[key % 2].encode()),
            }
            features = tf.train.Features(feature=example)
            writer.write(tf.train.Example(features=features).SerializeToString())


def _write_transform(directory: Path) -> tft.TFTransformOutput:
    """Runs `preprocessing_fn` as Transform would, with a schema that makes labels sparse."""
    metadata = tft.DatasetMetadata.from_feature_spec(
        {"image": tf.io.FixedLenFeature([], tf.string), "label": tf.io.VarLenFeature(tf.string)}
    )
    rows = [{"image": b"", "label": [label]} for label in LABELS]
    with (
        beam.Pipeline(runner=FnApiRunner()) as pipeline,
        tft_beam.Context(temp_dir=tempfile.mkdtemp(dir=directory.parent)),
    ):
        analyzed = (pipeline | beam.Create(rows), metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: preprocessing_fn(inputs, {"settings": json.dumps({})})
        )
        _ = analyzed | tft_beam.WriteTransformFn(str(directory))
        _ = metadata | tft_beam.WriteMetadata(str(directory / "metadata"), pipeline)
    return tft.TFTransformOutput(str(directory))
