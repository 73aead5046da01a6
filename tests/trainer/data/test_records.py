import numpy as np
import pytest

from data_prep import features
from trainer.data.records import (
    Records,
    concatenate,
    membership,
    read_features,
    read_records,
    to_pixels,
)

SHAPE = (8, 8, 1)


@pytest.fixture
def shards(prepared, request):
    """The two files of the eval split."""
    from pathlib import Path

    return sorted(map(str, Path(prepared.directory, "Split-eval").glob("*.gz")))


def three():
    images = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2, 1)
    return Records([b"a", b"b", b"c"], ["x", "", "y"], images, np.array([[1, 0], [0, 0], [1, 1]]))


def test_pixels_are_rounded_and_cut_off():
    values = np.array([-0.5, 0, 0.0019, 0.002, 0.5, 1, 7, np.nan, np.inf])
    assert to_pixels(values).tolist() == [0, 0, 0, 1, 128, 255, 255, 0, 255]


def test_records_come_back_as_they_were_written(prepared, shards):
    records = concatenate(read_records(shards, SHAPE))
    assert np.array_equal(records.images, prepared.images["eval"])
    assert len(set(records.keys)) == len(records.labels) == len(records.images)
    assert records.attributes.shape == (len(records.images), 0)


def test_a_batch_never_spans_two_shards(shards):
    sizes = [len(records.keys) for records in read_records(shards, SHAPE, batch=5)]
    first = len(concatenate(read_records(shards[:1], SHAPE)).keys)
    assert sum(sizes[: -(-first // 5)]) == first and max(sizes) == 5


def test_the_limit_counts_images_of_all_shards(prepared, shards):
    first = len(concatenate(read_records(shards[:1], SHAPE)).keys)
    records = concatenate(read_records(shards, SHAPE, limit=first + 2))
    assert np.array_equal(records.images, prepared.images["eval"][: first + 2])


def test_only_the_named_features_are_read(shards):
    (columns, *_) = read_features(shards, (features.KEY, features.COUNTRYCODE))
    assert sorted(columns) == [features.COUNTRYCODE, features.KEY]
    assert set(columns[features.COUNTRYCODE]) == {b""}


def test_rows_are_taken_in_the_order_that_is_asked_for():
    records = three().rows([2, 0, 0])
    assert records.keys == [b"c", b"a", b"a"] and records.labels == ["y", "x", "x"]
    assert records.images[:, 0, 0, 0].tolist() == [8, 0, 0]
    assert records.attributes.tolist() == [[1, 1], [1, 0], [1, 0]]
    assert three().rows(slice(1, None)).keys == [b"b", b"c"]


def test_batches_are_joined_in_order_and_no_batch_is_none():
    records = three()
    joined = concatenate([records.rows(slice(0, 2)), records.rows(slice(2, 3))])
    assert joined.keys == records.keys and np.array_equal(joined.images, records.images)
    assert concatenate([]) is None


def test_members_of_attributes_then_of_labels():
    assert membership(three(), ("first", "second"), ("x",)).tolist() == [
        [True, False, True],
        [False, False, False],
        [True, True, False],
    ]
