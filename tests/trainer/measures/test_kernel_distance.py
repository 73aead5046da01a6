"""The kernel distance: brute force, a closed form, and simulations with known truth."""

import numpy as np
import pytest

from components.latent_evaluator.metrics.bootstrap import percentile_interval, resample_counts
from trainer.measures.kernel_distance import (
    between,
    distance_of_sets,
    kernel,
    kernel_distance,
    within,
)


def distance(one, other, counts, other_counts):
    both = between(one, other, counts, other_counts)
    return kernel_distance(within(one, counts), within(other, other_counts), both)


def brute_force(one, other, skip_twins=False):
    """The mean over pairs of images that are not the same, by the definition.

    one, other: lists of (identity, features).
    """

    def mean(a, b, different):
        values = [(x @ y / len(x) + 1) ** 3 for i, x in a for j, y in b if not different or i != j]
        return np.mean(values)

    return mean(one, one, True) + mean(other, other, True) - 2 * mean(one, other, skip_twins)


def test_it_is_the_mean_over_all_pairs():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(13, 4)), rng.normal(size=(9, 4)) + 0.5
    expected = brute_force(list(enumerate(one)), list(enumerate(other)))
    found = distance_of_sets(one.astype(np.float32), other.astype(np.float32))
    assert found.value == pytest.approx(expected, rel=1e-5)
    assert kernel(one, other)[2, 3] == pytest.approx((one[2] @ other[3] / 4 + 1) ** 3)


def drawn(points, counts):
    return [(i, x) for i, x in enumerate(points) for _ in range(int(counts[i]))]


@pytest.mark.parametrize("twins", [False, True])
def test_a_resample_leaves_out_pairs_of_one_image(twins):
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(12, 3)), rng.normal(size=(12, 3)) * 2
    counts = resample_counts(12, 4, 0)
    others = counts if twins else resample_counts(12, 4, 1)
    both = between(one, other, counts, others, twins=twins)
    found = kernel_distance(within(one, counts), within(other, others), both, twins=twins)
    expected = [
        brute_force(drawn(one, a), drawn(other, b), twins)
        for a, b in zip(counts, others, strict=True)
    ]
    assert found.draws == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("twins", [False, True])
def test_its_error_is_the_jackknife_of_the_images(twins):
    rng = np.random.default_rng(2)
    one, other = rng.normal(size=(10, 3)), rng.normal(size=(10, 3)) + 1
    counts = np.ones((1, 10))
    both = between(one, other, counts, counts, twins=twins)
    found = kernel_distance(within(one, counts), within(other, counts), both, twins=twins)
    pairs = list(enumerate(one)), list(enumerate(other))

    def without(i, j):
        return brute_force(
            [p for p in pairs[0] if p[0] != i], [p for p in pairs[1] if p[0] != j], twins
        )

    if twins:
        left = [[without(i, i) for i in range(10)]]
    else:
        left = [[without(i, None) for i in range(10)], [without(None, j) for j in range(10)]]
    expected = np.sqrt(sum(9 / 10 * np.sum((np.array(v) - np.mean(v)) ** 2) for v in left))
    assert found.standard_error == pytest.approx(expected)


def gaussian_truth(shift, scale, dimensions):
    """The distance of N(0, 1) and N(shift, scale^2) in every dimension.

    The mean of (x.y / d + 1)^3 follows from the cumulants of x.y, which is a sum over dimensions of
    products of independent numbers.
    """

    def moments(mean, sd):
        return np.array([mean, mean**2 + sd**2, mean**3 + 3 * mean * sd**2])

    def mean_kernel(one, other):
        first, second, third = one * other
        k1, k2 = dimensions * first, dimensions * (second - first**2)
        k3 = dimensions * (third - 3 * first * second + 2 * first**3)
        s1, s2, s3 = np.array([k1, k2 + k1**2, k3 + 3 * k1 * k2 + k1**3]) / dimensions ** np.r_[1:4]
        return 1 + 3 * s1 + 3 * s2 + s3

    one, other = moments(0, 1), moments(shift, scale)
    return mean_kernel(one, one) + mean_kernel(other, other) - 2 * mean_kernel(one, other)


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.5, 1.2)])
def test_it_is_unbiased_at_twenty_images(shift, scale):
    rng = np.random.default_rng(3)
    found = [
        distance_of_sets(rng.normal(size=(20, 2)), shift + scale * rng.normal(size=(15, 2))).value
        for _ in range(1000)
    ]
    error = np.std(found) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(gaussian_truth(shift, scale, 2), abs=3 * error)
    assert min(found) < 0


def test_its_interval_and_error_hold_the_truth():
    rng = np.random.default_rng(4)
    counts, others = (resample_counts(100, 100, i) for i in (0, 1))
    truth = gaussian_truth(0.5, 1.0, 6)
    held, errors, values = 0, [], []
    for _ in range(200):
        one, other = rng.normal(size=(2, 100, 6))
        found = distance(one, other + 0.5, counts, others)
        low, high = percentile_interval(found.draws)
        held += low <= truth <= high
        errors.append(found.standard_error)
        values.append(found.value)
    assert 0.9 <= held / 200 <= 0.985
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(values), rel=0.15)


def test_resamples_of_equal_sets_are_not_moved_by_copies():
    rng = np.random.default_rng(5)
    one, other = rng.normal(size=(2, 60, 2))
    counts, others = (resample_counts(60, 4000, i) for i in (0, 1))
    found = distance(one, other, counts, others)
    error = found.draws.std() / np.sqrt(4000)
    assert found.draws.mean() == pytest.approx(found.value, abs=4 * error)


def test_perfect_reconstructions_are_at_no_distance():
    points, counts = np.random.default_rng(6).normal(size=(30, 5)), resample_counts(30, 5, 0)
    both = between(points, points, counts, counts, twins=True)
    found = kernel_distance(within(points, counts), within(points, counts), both, twins=True)
    assert found.value == pytest.approx(0, abs=1e-9)
    assert found.draws == pytest.approx(np.zeros(5), abs=1e-4)
    assert found.standard_error == pytest.approx(0, abs=1e-9)


def test_blocks_of_rows_change_nothing(monkeypatch):
    rng = np.random.default_rng(7)
    one, other = rng.normal(size=(40, 3)), rng.normal(size=(30, 3))
    counts, others = resample_counts(40, 3, 0), resample_counts(30, 3, 1)
    expected = distance(one, other, counts, others)
    monkeypatch.setattr("trainer.measures.kernel_distance._BLOCK", 7)
    found = distance(one, other, counts, others)
    assert found.value == pytest.approx(expected.value)
    assert found.draws == pytest.approx(expected.draws, abs=1e-5)
    assert found.standard_error == pytest.approx(expected.standard_error)


def test_a_single_image_has_no_distance():
    assert np.isnan(distance_of_sets(np.ones((1, 2)), np.ones((5, 2))).value)
