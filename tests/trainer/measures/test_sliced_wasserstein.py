"""Distances that are known exactly."""

import numpy as np
import pytest
from scipy import stats

from trainer.measures.sliced_wasserstein import sliced_wasserstein


def distance(real, generated, projections=16, seed=0):
    return sliced_wasserstein(
        np.asarray(real, float), np.asarray(generated, float), projections=projections, seed=seed
    )


def test_on_a_line_it_is_the_wasserstein_distance():
    # 1-D directions are +1 and -1. W2^2 of {0, 2} and {1, 5} is (1 + 9) / 2
    assert distance([[0], [2]], [[5], [1]]) == pytest.approx(np.sqrt(5))


def test_sets_of_different_size_are_compared_by_quantiles():
    # {0} against {0, 3}: half of the mass moves by 3
    assert distance([[0]], [[3], [0]]) == pytest.approx(np.sqrt(4.5))
    # {0, 6} against {0, 3, 6}: a third stays at each end, a sixth moves by 3 from either side
    assert distance([[0], [6]], [[3], [6], [0]]) == pytest.approx(np.sqrt(9 / 3))


def test_two_gaussians_on_a_line():
    """W2 of N(0, 1) and N(3, 2^2) is sqrt(3^2 + 1^2) (Givens & Shortt 1984)."""
    quantiles = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)[:, None]
    assert distance(quantiles, 3 + 2 * quantiles) == pytest.approx(np.sqrt(10), rel=1e-3)


def test_a_shift_in_d_dimensions_is_seen_by_one_over_d_of_its_square():
    points = np.random.default_rng(1).standard_normal((50, 8))
    shift = np.zeros(8)
    shift[3] = 4
    # E[(u . shift)^2] = |shift|^2 / d for uniform directions
    assert distance(points, points + shift, projections=4000) == pytest.approx(
        4 / np.sqrt(8), rel=0.05
    )


def test_order_does_not_matter_and_equal_sets_are_at_distance_zero():
    rng = np.random.default_rng(2)
    one, other = rng.standard_normal((30, 5)), rng.standard_normal((41, 5))
    expected = distance(one, other)
    assert distance(rng.permutation(one), rng.permutation(other)) == pytest.approx(expected)
    assert distance(other, one) == pytest.approx(expected)
    assert distance(one, rng.permutation(one)) == 0
    assert distance(one, np.tile(one, (3, 1))) == pytest.approx(0, abs=1e-9)


def test_the_seed_alone_decides_the_directions():
    rng = np.random.default_rng(3)
    one, other = rng.standard_normal((30, 5)), rng.standard_normal((30, 5)) + 1
    assert distance(one, other, seed=4) == distance(one, other, seed=4)
    assert distance(one, other, seed=4) != distance(one, other, seed=5)


def test_a_nan_reaches_the_distance():
    assert np.isnan(distance([[0.0], [np.nan]], [[1.0], [2.0]]))
