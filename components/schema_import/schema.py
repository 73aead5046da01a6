"""The schema of a prepared data set, derived from its shape."""

from __future__ import annotations

from tensorflow_metadata.proto.v0 import schema_pb2

from data_prep import features
from data_prep.source_registry import extra_type
from trainer.data.shape import DataShape

_TYPES = {bytes: schema_pb2.BYTES, int: schema_pb2.INT, bool: schema_pb2.INT}


def make_schema(shape: DataShape) -> schema_pb2.Schema:
    """Returns the schema of examples of that shape.

    `image`, `label` and `attributes` are described by value count, without presence:
    statistics are taken without the image, whose absence there is no anomaly. The other features
    must be in every example, in the ranges that the preparation guarantees.
    """
    schema = schema_pb2.Schema()
    _add(schema, features.IMAGE, schema_pb2.BYTES, 1)
    _required(_add(schema, features.KEY, schema_pb2.BYTES, 1))
    for name, high in ((features.IMAGE_MEAN, 255), (features.IMAGE_STD, 255), (features.INK, 1)):
        feature = _required(_add(schema, name, schema_pb2.FLOAT, 1))
        feature.float_domain.min, feature.float_domain.max = 0, high
        feature.float_domain.disallow_nan = True
    if shape.labelled:
        _add(schema, features.LABEL, schema_pb2.BYTES, 1)
    if shape.attributes:
        attributes = _add(schema, features.ATTRIBUTES, schema_pb2.INT, len(shape.attributes))
        attributes.int_domain.min, attributes.int_domain.max = 0, 1
    for name in shape.extras:
        kind = extra_type(name)
        feature = _required(_add(schema, name, _TYPES[kind], 1))
        if kind is bool:
            feature.int_domain.min, feature.int_domain.max = 0, 1
    return schema


def statistics_features(schema: schema_pb2.Schema) -> list[str]:
    """Returns every feature but the image, of whose bytes statistics say nothing."""
    return [feature.name for feature in schema.feature if feature.name != features.IMAGE]


def _add(schema: schema_pb2.Schema, name: str, kind: int, count: int) -> schema_pb2.Feature:
    feature = schema.feature.add(name=name, type=kind)
    feature.value_count.min = feature.value_count.max = count
    return feature


def _required(feature: schema_pb2.Feature) -> schema_pb2.Feature:
    feature.presence.min_fraction = 1
    feature.presence.min_count = 1
    return feature
