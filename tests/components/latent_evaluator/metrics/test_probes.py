"""Linear probes on codes with and without a trace of the condition."""

import numpy as np
import pytest

from components.latent_evaluator.metrics.probes import probe_attributes, probe_labels


def test_a_probe_finds_what_is_there_and_only_that():
    rng = np.random.default_rng(2)
    labels = np.array(["cat", "dog", "dog"])[rng.integers(0, 3, 600)]
    noise = rng.normal(size=(600, 4))
    conditioned = noise + 3 * (labels == "cat")[:, None]
    known, chance, measure = probe_labels(conditioned, labels)
    assert known > 0.97 and chance == pytest.approx(2 / 3, abs=0.05) and measure == "accuracy"
    blind = probe_labels(noise, labels)
    assert abs(blind.score - blind.chance) < 0.04
    attributes = np.stack([labels == "cat", rng.random(600) < 0.5, np.ones(600)], 1).astype(int)
    assert probe_attributes(conditioned, attributes).score == pytest.approx((1 + 0.5) / 2, abs=0.05)
    assert probe_labels(noise, np.array(["cat"] * 600)) is None
    assert probe_attributes(noise, np.ones((600, 2))) is None
