"""Probes on codes with and without a trace of the condition."""

import numpy as np
import pytest

from components.latent_evaluator.metrics.probes import probe_attributes, probe_labels


def test_a_probe_finds_what_is_there_and_only_that():
    rng = np.random.default_rng(2)
    labels = np.array(["cat", "dog", "dog"])[rng.integers(0, 3, 600)]
    noise = rng.normal(size=(600, 4))
    conditioned = noise + 3 * (labels == "cat")[:, None]
    known = probe_labels(conditioned, labels)
    assert known.linear > 0.97 and known.neighbours > 0.97 and known.independent is False
    assert known.chance == pytest.approx(2 / 3, abs=0.05) and known.measure == "accuracy"
    blind = probe_labels(noise, labels)
    assert abs(blind.score - blind.chance) < 0.04 and blind.independent
    attributes = np.stack([labels == "cat", rng.random(600) < 0.5, np.ones(600)], 1).astype(int)
    found = probe_attributes(conditioned, attributes)
    assert found.linear == pytest.approx((1 + 0.5) / 2, abs=0.05)
    assert found.neighbours == pytest.approx((1 + 0.5) / 2, abs=0.05)
    assert not found.independent and found.chance == 0.5
    assert probe_labels(noise, np.array(["cat"] * 600)) is None
    assert probe_attributes(noise, np.ones((600, 2))) is None


def test_a_label_in_the_length_of_the_code_is_seen_by_the_neighbours_alone():
    """Ten rings around zero, which no line tells apart."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 4000)
    z = rng.normal(size=(4000, 2))
    z *= (0.5 + 0.2 * labels / np.linalg.norm(z, axis=1))[:, None]
    found = probe_labels(z, labels)
    assert found.linear < 0.15 and found.neighbours > 0.25
    assert found.score == found.neighbours and not found.independent
    outer = (labels[:, None] > [4, 99]).astype(int)
    found = probe_attributes(z, outer)
    assert found.linear < 0.6 < 0.95 < found.neighbours == found.score
    assert not found.independent


def test_one_attribute_of_many_is_enough_to_depend_on_it():
    """The mean over 20 attributes hides it; 60 images have it."""
    rng = np.random.default_rng(0)
    attributes = (rng.random((2000, 20)) < 0.3).astype(int)
    attributes[:, 7] = np.arange(2000) % 100 < 3
    z = rng.normal(size=(2000, 4))
    assert probe_attributes(z, attributes).independent
    z[:, 0] += 1.5 * attributes[:, 7]
    found = probe_attributes(z, attributes)
    assert found.score < 0.53 and not found.independent


@pytest.mark.parametrize("count", [60, 400])
def test_codes_without_a_trace_are_independent(count):
    """40 repetitions with labels of unequal size, and three attributes, one of them rare."""
    rng = np.random.default_rng(count)
    found = []
    for _ in range(40):
        z = rng.normal(size=(count, 3))
        labels = rng.choice(4, count, p=[0.4, 0.3, 0.2, 0.1])
        found.append(probe_labels(z, labels))
        found.append(probe_attributes(z, (rng.random((count, 3)) < [0.5, 0.3, 0.1]).astype(int)))
    assert sum(not probe.independent for probe in found) <= 1
