"""The bootstrap against what can be counted by hand."""

import numpy as np
import pytest

from components.latent_evaluator.metrics.bootstrap import (
    mean_interval,
    percentile_interval,
    resample_counts,
)


def test_the_interval_of_a_mean_is_as_wide_as_theory_says():
    values = np.random.default_rng(1).normal(5, 2, 400)
    low, high = mean_interval(values, resample_counts(400, 2000, seed=0))
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)


def test_resamples_without_a_class_do_not_count():
    assert percentile_interval(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)
    assert np.isnan(percentile_interval(np.array([np.nan]))).all()
