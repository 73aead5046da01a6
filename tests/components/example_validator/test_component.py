"""Statistics of small data sets of every shape against the schema derived from that shape."""

import os

import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import v1 as tfx
from tfx.types import standard_artifacts
from tfx_bsl.coders import example_coder

from components.example_validator.component import Executor
from components.schema_import.component import Executor as ImportExecutor
from components.schema_import.component import SchemaImport
from components.schema_import.schema import make_schema, statistics_features
from data_prep.errors import InputError
from trainer.data.shape import DataShape

assert tfx  # before data validation, which loads only after it

import tensorflow_data_validation as tfdv  # noqa: E402
from tensorflow_data_validation.statistics import stats_impl  # noqa: E402

NEITHER = DataShape()
LABELS = DataShape(labels=None, extras=("countrycode", "recognized", "timestamp"))
ATTRIBUTES = DataShape(attributes=("a", "b", "c"), extras=("identity",))


def examples(shape, n=6):
    """Feature values of n examples, as the preparation writes them."""
    made = []
    for index in range(n):
        example = {
            "image": [b"\0" * 16],
            "key": [str(index).encode()],
            "image_mean": [12.5],
            "image_std": [30.0],
            "ink": [0.25],
        }
        if shape.labelled:
            example |= {"label": [b"cat"]}
        if shape.attributes:
            example |= {"attributes": [index % 2] * len(shape.attributes)}
        values = {"countrycode": [b"DE"], "recognized": [1], "timestamp": [1_400_000_000]}
        values["identity"] = [7]
        example |= {name: values[name] for name in shape.extras}
        made.append(example)
    return made


def serialize(example):
    kinds = {
        bytes: lambda v: tf.train.Feature(bytes_list=tf.train.BytesList(value=v)),
        int: lambda v: tf.train.Feature(int64_list=tf.train.Int64List(value=v)),
        float: lambda v: tf.train.Feature(float_list=tf.train.FloatList(value=v)),
    }
    feature = {name: kinds[type(value[0])](value) for name, value in example.items()}
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def validate(folder, shape, splits):
    """Runs the executor on the statistics that StatisticsGen would make of `splits`."""
    schema = make_schema(shape)
    statistics = standard_artifacts.ExampleStatistics()
    statistics.uri = str(folder / "statistics")
    statistics.split_names = '["' + '", "'.join(splits) + '"]'
    options = tfdv.StatsOptions(feature_allowlist=statistics_features(schema))
    for split, data in splits.items():
        batch = example_coder.ExamplesToRecordBatchDecoder().DecodeBatch(
            [serialize(example) for example in data]
        )
        found = stats_impl.generate_statistics_in_memory(batch, options)
        os.makedirs(folder / "statistics" / f"Split-{split}")
        path = folder / "statistics" / f"Split-{split}" / "FeatureStats.pb"
        path.write_bytes(found.SerializeToString())
    imported = standard_artifacts.Schema()
    imported.uri = str(folder / "schema")
    text = text_format.MessageToString(schema)
    ImportExecutor().Do({}, {"schema": [imported]}, {"schema_text": text})
    anomalies = standard_artifacts.ExampleAnomalies()
    anomalies.uri = str(folder / "anomalies")
    Executor().Do(
        {"statistics": [statistics], "schema": [imported]},
        {"anomalies": [anomalies]},
        {"exclude_splits": "[]"},
    )


@pytest.mark.parametrize("shape", [NEITHER, LABELS, ATTRIBUTES], ids=["neither", "labels", "attr"])
def test_good_data_of_every_shape_passes_without_image_statistics(tmp_path, shape):
    validate(tmp_path, shape, {"train": examples(shape), "eval": examples(shape, 3)})


@pytest.mark.parametrize(
    ("shape", "change", "words"),
    [
        (
            LABELS,
            {"label": [b"cat", b"dog"]},
            r"feature label: Superfluous values \(Some examples have more",
        ),
        (LABELS, {"ink": [1.5]}, "feature ink: .*high"),
        (LABELS, {"ink": [float("nan")]}, "feature ink: .*NaN"),
        (LABELS, {"recognized": [2]}, "feature recognized: "),
        (
            ATTRIBUTES,
            {"attributes": [0, 1]},
            r"feature attributes: Missing values \(Some examples have fewer",
        ),
        (ATTRIBUTES, {"attributes": [0, 1, -1]}, "feature attributes: "),
        (NEITHER, {"image_mean": [300.0]}, "feature image_mean: "),
    ],
)
def test_one_corrupted_example_stops_the_run_and_is_named(tmp_path, shape, change, words):
    data = examples(shape)
    data[2] |= change
    splits = {"train": examples(shape), "eval": data}
    with pytest.raises(
        InputError, match=rf"does not match its schema: split eval: {words}"
    ) as error:
        validate(tmp_path, shape, splits)
    assert "\n" not in str(error.value)


def test_a_feature_of_another_type_is_named(tmp_path):
    data = [example | {"label": [7]} for example in examples(LABELS)]
    with pytest.raises(InputError, match=r"split test: feature label: .*INT"):
        validate(tmp_path, LABELS, {"test": data})


def test_a_missing_feature_is_named(tmp_path):
    data = examples(LABELS)
    del data[0]["key"]
    with pytest.raises(InputError, match=r"split train: feature key: .*"):
        validate(tmp_path, LABELS, {"train": data})


def test_many_anomalies_are_counted(tmp_path):
    data = [{"image_mean": [1.0]} for _ in range(3)]
    with pytest.raises(InputError, match=r"; and [0-9]+ more$"):
        validate(tmp_path, LABELS, {"train": data, "eval": data})


def test_a_schema_travels_in_its_node_by_value():
    node = SchemaImport(schema=make_schema(LABELS))
    read = text_format.Parse(node.exec_properties["schema_text"], schema_pb2.Schema())
    assert read == make_schema(LABELS)
    assert "image" not in statistics_features(read) and "label" in statistics_features(read)
