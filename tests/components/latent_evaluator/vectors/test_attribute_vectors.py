"""Attribute vectors as files."""

import json

import numpy as np

from components.latent_evaluator.vectors.attribute_vectors import ARRAYS, TABLE, AttributeVectors


def vectors(**changes):
    values = {
        "names": ("Smiling", "кот"),
        "kinds": ("attribute", "label"),
        "positive": np.array([30, 5]),
        "negative": np.array([10, 0]),
        "vectors": np.array([[1, 2, 2], [np.nan] * 3], np.float32),
        "standard_error": np.full((2, 3), 0.1),
        "norm": np.array([3.0, np.nan]),
        "norm_corrected": np.array([1 / 3, np.nan]),
        "auc": np.array([0.9, np.nan]),
        "auc_low": np.array([0.8, np.nan]),
        "auc_high": np.array([0.95, np.nan]),
        "accuracy": np.array([0.85, np.nan]),
        "cosine": np.array([[1, np.nan], [np.nan, np.nan]]),
        "orthogonalised": {"Smiling": (("кот",), np.array([1, 0, 2], np.float32))},
        "split": "train",
        "held_out": "test",
        "model": "abc",
        "data": "def",
    }
    return AttributeVectors(**values | changes)


def test_what_is_saved_is_loaded(tmp_path):
    saved = vectors()
    saved.save(str(tmp_path))
    loaded = AttributeVectors.load(str(tmp_path))
    for name, value in vars(saved).items():
        found = getattr(loaded, name)
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(found, value)
            assert found.dtype == value.dtype, name
        elif name != "orthogonalised":
            assert found == value
    assert loaded.orthogonalised["Smiling"][0] == ("кот",)
    np.testing.assert_array_equal(loaded.orthogonalised["Smiling"][1], [1, 0, 2])


def test_the_table_is_json_for_anybody_and_the_arrays_hold_no_objects(tmp_path):
    vectors().save(str(tmp_path))
    table = json.loads((tmp_path / TABLE).read_text(encoding="utf-8"))
    assert table["vectors"][0]["norm"] == 3 and table["vectors"][1]["auc"] is None
    with np.load(tmp_path / ARRAYS, allow_pickle=False) as arrays:
        assert {array.dtype.kind for array in arrays.values()} == {"f"}


def test_no_names_at_all(tmp_path):
    none = np.zeros(0)
    scalars = dict.fromkeys(("norm", "norm_corrected", "auc", "auc_low", "auc_high"), none)
    empty = vectors(
        names=(),
        kinds=(),
        positive=none.astype(int),
        negative=none.astype(int),
        vectors=np.zeros((0, 3), np.float32),
        standard_error=np.zeros((0, 3)),
        accuracy=none,
        cosine=np.zeros((0, 0)),
        orthogonalised={},
        **scalars,
    )
    empty.save(str(tmp_path))
    assert AttributeVectors.load(str(tmp_path)).vectors.shape[1] == 3
