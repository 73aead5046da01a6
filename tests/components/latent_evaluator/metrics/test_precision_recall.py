"""Precision and recall of points whose neighbours are known."""

import numpy as np

from components.latent_evaluator.metrics.precision_recall import precision_and_recall


def test_precision_and_recall_of_points_on_a_line():
    real = np.arange(10.0)[:, None]  # with one neighbour every ball reaches 1
    generated = np.array([[2.4], [2.6], [30.0], [3.1]])
    precise, recalled = precision_and_recall(real, generated, neighbours=1)
    assert precise.tolist() == [True, True, False, True]
    # the generated balls: 2.4 +- 0.2, 2.6 +- 0.2, 3.1 +- 0.5, and 30 +- 26.9
    assert recalled.tolist() == [False, False, False, True] + [True] * 6


def test_samples_of_one_mode_are_precise_and_recall_little():
    rng = np.random.default_rng(2)
    real = np.concatenate([rng.normal(0, 1, (100, 4)), rng.normal(20, 1, (100, 4))])
    precise, recalled = precision_and_recall(real, rng.normal(0, 1, (200, 4)))
    assert precise.mean() > 0.85
    assert 0.3 < recalled.mean() <= 0.5 and not recalled[100:].any()
