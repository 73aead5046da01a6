"""Copies of training images, dropped classes, fidelity to labels, probes."""

import numpy as np
import pytest

from components.latent_evaluator.metrics.class_coverage import (
    attribute_fidelity,
    class_shares,
    dropped,
    label_fidelity,
)
from components.latent_evaluator.metrics.memorisation import copies, nearest_two, thumbnails
from components.latent_evaluator.metrics.probes import probe_attributes, probe_labels


def test_thumbnails_are_averages():
    image = np.zeros((1, 32, 64, 1), np.uint8)
    image[0, ::2, :, 0] = 255
    found = thumbnails(image)
    assert found.shape == (1, 256)
    assert found == pytest.approx(0.5, abs=0.01)
    small = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3)
    assert thumbnails(small) == pytest.approx(small.reshape(1, -1) / 255)  # not blown up


def test_the_two_nearest_in_any_batches():
    rng = np.random.default_rng(0)
    points, others = rng.random((7, 5)), rng.random((40, 5))
    gaps = np.sqrt(((points[:, None] - others[None]) ** 2).mean(axis=2))
    expected = np.sort(gaps, axis=1)[:, :2]
    for batches in ([others], [others[:1], others[1:9], others[9:]]):
        found = nearest_two(points, batches)
        assert found.count == 40
        assert found.distances() == pytest.approx(expected, rel=1e-3)


def test_copies_are_found_and_relatives_are_not():
    rng = np.random.default_rng(1)
    train = rng.random((50, 200))
    nearly = train[:20] + rng.normal(0, 0.005, (20, 200))
    mixed = (train[:20] + train[20:40]) / 2  # as near to one as to another
    assert copies(nearest_two(nearly, [train]).distances()).all()
    assert not copies(nearest_two(mixed, [train]).distances()).any()
    assert not copies(nearest_two(rng.random((20, 200)), [train]).distances()).any()


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


def test_a_probe_finds_what_is_there_and_only_that():
    rng = np.random.default_rng(2)
    labels = np.array(["cat", "dog", "dog"])[rng.integers(0, 3, 600)]
    noise = rng.normal(size=(600, 4))
    told = noise + 3 * (labels == "cat")[:, None]
    known, chance, measure = probe_labels(told, labels)
    assert known > 0.97 and chance == pytest.approx(2 / 3, abs=0.05) and measure == "accuracy"
    blind = probe_labels(noise, labels)
    assert abs(blind.score - blind.chance) < 0.04
    attributes = np.stack([labels == "cat", rng.random(600) < 0.5, np.ones(600)], 1).astype(int)
    assert probe_attributes(told, attributes).score == pytest.approx((1 + 0.5) / 2, abs=0.05)
    assert probe_labels(noise, np.array(["cat"] * 600)) is None
    assert probe_attributes(noise, np.ones((600, 2))) is None
