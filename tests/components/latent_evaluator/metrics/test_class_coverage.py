"""Dropped classes, and the fidelity of samples to labels and attributes."""

import numpy as np
import pytest

from components.latent_evaluator.metrics.class_coverage import (
    attribute_fidelity,
    class_shares,
    dropped,
    label_fidelity,
)


def test_shares_and_dropped_classes():
    real = np.eye(3)[[0, 0, 1, 2]]
    sampled = np.eye(3)[[0, 0, 0, 1]]
    assert class_shares(real, sampled, ("a", "b", "c")) == {
        "a": {"real": 0.5, "sampled": 0.75},
        "b": {"real": 0.25, "sampled": 0.25},
        "c": {"real": 0.25, "sampled": 0.0},
    }
    assert dropped(real=1 / 6, sampled=0.0, samples=500, least=0.1)
    assert dropped(real=1 / 6, sampled=0.01, samples=500, least=0.1)
    assert not dropped(real=1 / 6, sampled=0.02, samples=500, least=0.1)  # more than a tenth
    assert not dropped(real=0.002, sampled=0.0, samples=500, least=0.1)  # may be chance


def test_fidelity_to_labels_and_attributes():
    scores = np.array([[2.0, 1], [0, 3], [5, 4]])
    found, by_name = label_fidelity(np.array([0, 0, 0]), scores, ("cat", "dog"))
    assert found.tolist() == [True, False, True]
    assert by_name == {"cat": pytest.approx(2 / 3)}
    shares, by_name = attribute_fidelity(
        np.array([[1, 0], [1, 1]]), np.array([[3.0, -1], [-1, 2]]), ("hat", "beard")
    )
    assert shares.tolist() == [1.0, 0.5] and by_name == {"hat": 0.5, "beard": 1.0}
