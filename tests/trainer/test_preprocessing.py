import json

import pytest
import tensorflow as tf

from trainer.preprocessing import preprocessing_fn

IMAGES = tf.constant([b"\x00\xff", b"", b"\xfe\n"])


def test_data_with_neither_labels_nor_attributes():
    outputs = preprocessing_fn({"image": IMAGES, "key": IMAGES}, {})
    assert list(outputs) == ["image"]
    assert outputs["image"].numpy().tolist() == IMAGES.numpy().tolist()


@pytest.mark.parametrize("shape", ["[batch]", "[batch, 1]", "sparse"])
def test_images_pass_untouched_however_the_schema_presents_them(shape):
    images = {
        "[batch]": IMAGES,
        "[batch, 1]": IMAGES[:, tf.newaxis],
        # the way in which parsing gives a feature without a fixed shape
        "sparse": tf.SparseTensor([[0, 0], [1, 0], [2, 0]], IMAGES, [3, 1]),
    }[shape]
    outputs = preprocessing_fn({"image": images})
    assert outputs["image"].numpy().tolist() == IMAGES.numpy().tolist()


def test_a_missing_value_does_not_shift_the_others():
    sparse = tf.SparseTensor([[0, 0], [2, 0]], [b"a", b"c"], [3, 1])
    assert preprocessing_fn({"image": sparse})["image"].numpy().tolist() == [b"a", b"", b"c"]


def test_words_of_the_config_are_numbered_in_their_order():
    settings = json.dumps({"labels": ["Zebra", "cat", "the eiffel tower"]})
    labels = tf.constant([b"the eiffel tower", b"dog", b"Zebra"])
    outputs = preprocessing_fn({"image": IMAGES, "label": labels}, {"settings": settings})
    assert outputs["label_index"].dtype == tf.int64
    assert outputs["label_index"].numpy().tolist() == [2, -1, 0]
    assert set(outputs) == {"image", "label_index"}


def test_attributes_pass_untouched():
    attributes = tf.constant([[0, 1], [1, 1], [0, 0]], tf.int64)
    outputs = preprocessing_fn({"image": IMAGES, "attributes": attributes})
    assert outputs["attributes"] is attributes


def test_words_found_in_the_data_are_numbered_as_sorted(prepared):
    """Through Transform itself: "ring" came first and both are as frequent."""
    transform = prepared.transform.transform_features_layer()
    labels = tf.sparse.from_dense(tf.constant([["ring"], ["bar"], ["cat"]]))
    outputs = transform({"image": IMAGES, "label": labels})
    assert sorted(outputs) == ["image", "label_index"]
    assert outputs["label_index"].numpy().tolist() == [1, 0, -1]
    assert outputs["image"].numpy().tolist() == IMAGES.numpy().tolist()


@pytest.mark.slow
def test_order_of_found_words_does_not_depend_on_their_frequency(tmp_path):
    import apache_beam as beam
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

    words = ["eye", "zoo", "cat", "Zed", "été", "zoo", "the eiffel tower", "zoo", "cat"]
    metadata = tft.DatasetMetadata.from_feature_spec(
        {name: tf.io.FixedLenFeature([], tf.string) for name in ("image", "label")}
    )
    rows = [{"image": b"", "label": word} for word in words]
    with (
        beam.Pipeline(runner=FnApiRunner()) as pipeline,
        tft_beam.Context(temp_dir=str(tmp_path / "temp"), desired_batch_size=2),
    ):
        analyzed = (pipeline | beam.Create(rows), metadata) | tft_beam.AnalyzeDataset(
            preprocessing_fn
        )
        _ = analyzed | tft_beam.WriteTransformFn(str(tmp_path / "out"))
    layer = tft.TFTransformOutput(str(tmp_path / "out")).transform_features_layer()
    expected = sorted(set(words))
    labels = tf.constant(expected)
    outputs = layer({"image": tf.zeros_like(labels), "label": labels})
    assert outputs["label_index"].numpy().tolist() == list(range(len(expected)))
