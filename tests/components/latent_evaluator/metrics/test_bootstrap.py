"""AUC and its bootstrap against what can be counted by hand."""

import numpy as np
import pytest

from components.latent_evaluator.metrics.bootstrap import (
    mean_interval,
    percentile_interval,
    resample_counts,
)
from trainer.measures.auc import auc, resampled_auc


@pytest.mark.parametrize(
    ("scores", "positive", "expected"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([4, 3, 2, 1], [0, 0, 1, 1], 0.0),
        ([1, 3, 2, 4], [0, 0, 1, 1], 0.75),  # one of four pairs is the wrong way round
        ([5, 5, 5, 5], [0, 1, 0, 1], 0.5),
        ([1, 2, 2, 3], [0, 0, 1, 1], 0.875),  # a tie counts half
    ],
)
def test_auc_counts_pairs(scores, positive, expected):
    assert auc(np.array(scores, float), np.array(positive, bool)) == expected


def test_auc_of_one_class_or_of_nan_is_not_a_number():
    assert np.isnan(auc(np.array([1.0, 2.0]), np.array([True, True])))
    assert np.isnan(auc(np.array([1.0, np.nan]), np.array([True, False])))


def test_a_resample_is_the_auc_of_the_images_drawn():
    rng = np.random.default_rng(0)
    scores, positive = rng.integers(0, 9, 50).astype(float), rng.random(50) < 0.4
    counts = resample_counts(50, 20, seed=3)
    assert counts.shape == (20, 50) and (counts.sum(axis=1) == 50).all()
    found = resampled_auc(scores, positive, counts)
    for row, value in zip(counts.astype(int), found, strict=True):
        drawn = np.repeat(np.arange(50), row)
        assert value == pytest.approx(auc(scores[drawn], positive[drawn]))


def test_the_interval_of_a_mean_is_as_wide_as_theory_says():
    values = np.random.default_rng(1).normal(5, 2, 400)
    low, high = mean_interval(values, resample_counts(400, 2000, seed=0))
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)


def test_resamples_without_a_class_do_not_count():
    assert percentile_interval(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)
    assert np.isnan(percentile_interval(np.array([np.nan]))).all()
