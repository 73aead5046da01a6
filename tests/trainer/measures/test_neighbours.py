"""Precision, recall, density and coverage: known answers, and intervals against the truth."""

import numpy as np
import pytest

from components.latent_evaluator.metrics.bootstrap import (
    percentile_interval,
    ratio_interval,
    share_interval,
)
from trainer.measures import neighbours
from trainer.measures.neighbours import compare_neighbours, draw_halves, squared_distances


def whole(real, generated):
    """The four values, without splits."""
    halves = (np.empty((0, len(points)), bool) for points in (real, generated))
    return np.array([each.value for each in compare_neighbours(real, generated, *halves)])


def brute_force(real, generated):
    def distances(a, b):
        return ((a[:, None] - b[None]) ** 2).sum(axis=2)

    def radii(points, k):
        own = distances(points, points)
        np.fill_diagonal(own, np.inf)
        return np.sort(own, axis=1)[:, k - 1]

    across = distances(generated, real)
    held = across <= radii(real, 5)
    return np.array(
        [
            (across <= radii(real, 3)).any(axis=1).mean(),
            (radii(generated, 3) >= across.T).any(axis=1).mean(),
            held.sum() / (5 * len(generated)),
            held.any(axis=0).mean(),
        ]
    )


def test_points_on_a_line():
    real = np.arange(20.0)[:, None]  # three neighbours of inner points reach to 2, five to 3
    generated = np.concatenate([np.full(11, 9.0), [21.5]])[:, None]
    precision, recall, density, coverage = whole(real, generated)
    assert precision == pytest.approx(1)  # the ball of 19 reaches to 16 and 22
    assert recall == pytest.approx(11 / 20)  # all within 12.5 of 21.5
    # 9 is in the balls of 6 to 12; 21.5 in those of 19 (to 24), 18 (to 22) and 17 (to 21): two
    assert density == pytest.approx((11 * 7 + 2) / (5 * 12))
    assert coverage == pytest.approx((7 + 2) / 20)


def test_halves_are_measured_as_sets_of_their_own(monkeypatch):
    monkeypatch.setattr(neighbours, "_BLOCK", 50)
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(121, 2)), rng.normal(size=(90, 2)) * 1.3 + 0.7
    halves, others = draw_halves(121, 5, 0), draw_halves(90, 5, 1)
    found = compare_neighbours(real, generated, halves, others)
    value = brute_force(real, generated)
    assert [each.value for each in found] == pytest.approx(value)
    for split, (a, b) in enumerate(zip(halves, others, strict=True)):
        gap = brute_force(real[a], generated[b]) - brute_force(real[~a], generated[~b])
        assert [each.draws[split] for each in found] == pytest.approx(value + gap / 2)


def test_halves_hold_half_of_the_points():
    halves = draw_halves(11, 300, 0)
    assert set(halves.sum(axis=1)) == {6}
    assert np.all(np.abs(halves.mean(axis=0) - 6 / 11) < 0.12)
    assert np.array_equal(halves, draw_halves(11, 300, 0))


def test_an_offset_changes_nothing():
    rng = np.random.default_rng(1)
    real, generated = rng.normal(size=(2, 150, 16)).astype(np.float32)
    expected = whole(real, generated * 0.9)
    shifted = whole(real + np.float32(1000), generated * np.float32(0.9) + np.float32(1000))
    assert shifted == pytest.approx(expected, abs=0.02)
    exact = whole(real.astype(np.float64) + 1e5, generated.astype(np.float64) * 0.9 + 1e5)
    assert exact == pytest.approx(expected, abs=0.01)


def test_distances_keep_the_points_own_precision():
    points = np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)
    found = squared_distances(points, points[1:])
    assert found.dtype == np.float32 and found.tolist() == [[25], [0]]
    assert squared_distances(points + 1e6, points[1:] + 1e6).tolist() == [[25], [0]]
    assert squared_distances(points.astype(np.float64), points).dtype == np.float64


def test_samples_of_one_mode_are_precise_and_recall_little():
    rng = np.random.default_rng(2)
    real = np.concatenate([rng.normal(0, 1, (100, 4)), rng.normal(20, 1, (100, 4))])
    precision, recall, density, coverage = whole(real, rng.normal(0, 1, (200, 4)))
    assert precision > 0.85 and 0.3 < recall <= 0.5
    assert 0.8 < density < 1.2 and 0.4 < coverage <= 0.5


def test_an_outlier_raises_precision_but_not_density():
    rng = np.random.default_rng(3)
    real, far = rng.normal(size=(200, 2)), rng.normal(size=(200, 2)) * 0.1 + [30, 0]
    _, _, before, _ = whole(real, far)
    precision, _, density, _ = whole(np.concatenate([real, [[32.0, 0]]]), far)
    assert before == 0 and precision == 1 and density == pytest.approx(1 / 5)


def test_density_and_coverage_of_equal_sets():
    rng = np.random.default_rng(4)
    _, _, density, coverage = whole(rng.normal(size=(600, 3)), rng.normal(size=(600, 3)))
    assert density == pytest.approx(1, abs=0.08)
    assert coverage == pytest.approx(1 - 2**-5, abs=0.02)  # Naeem et al. 2020, eq. 9


@pytest.mark.parametrize(("dimensions", "shift", "scale"), [(2, 0.5, 1.0), (8, 1.0, 0.8)])
def test_intervals_hold_the_expected_value(dimensions, shift, scale):
    n, m, repeats = 100, 80, 120
    rng = np.random.default_rng(5)
    halves, others = draw_halves(n, 30, 0), draw_halves(m, 30, 1)
    values, spreads, intervals = [], [], []
    for _ in range(repeats):
        generated = rng.normal(size=(m, dimensions)) * scale + shift / np.sqrt(dimensions)
        found = compare_neighbours(rng.normal(size=(n, dimensions)), generated, halves, others)
        values.append([each.value for each in found])
        spreads.append([each.draws.std() for each in found])
        intervals.append(
            [
                share_interval(*found.precision, m),
                share_interval(*found.recall, n),
                ratio_interval(*found.density),
                share_interval(*found.coverage, n),
            ]
        )
    truth = np.mean(values, axis=0)
    low, high = np.moveaxis(np.array(intervals), 2, 0)
    held = np.mean((low <= truth) & (truth <= high), axis=0)
    assert np.all((held >= 0.88) & (held <= 0.995)), held
    assert 0.92 <= held.mean() <= 0.975, held
    assert np.sqrt(np.mean(np.square(spreads), axis=0)) == pytest.approx(
        np.std(values, axis=0), rel=0.25
    )


def test_draws_of_two_models_are_paired():
    n, repeats = 80, 80
    rng = np.random.default_rng(6)
    halves = draw_halves(n, 30, 0), draw_halves(n, 30, 1)
    gaps, spreads, held = [], [], 0
    for _ in range(repeats):
        real, noise = rng.normal(size=(2, n, 3))
        one = compare_neighbours(real, noise, *halves).precision
        other = compare_neighbours(real, noise * 1.3, *halves).precision
        gaps.append(one.value - other.value)
        spreads.append((one.draws - other.draws).std())
    assert np.sqrt(np.mean(np.square(spreads))) == pytest.approx(np.std(gaps), rel=0.25)
    held = np.mean(np.abs(np.array(gaps) - np.mean(gaps)) <= 1.96 * np.array(spreads))
    assert 0.88 <= held <= 0.99


def test_intervals_of_shares_at_the_ends():
    still = np.ones(50)
    low, high = share_interval(1.0, still, 100)
    assert (low, high) == (pytest.approx(100 / (100 + 1.96**2)), pytest.approx(1))
    low, high = share_interval(0.5, 0.5 + np.tile([-0.05, 0.05], 50), 100)
    assert (low, high) == pytest.approx((0.4038, 0.5962), abs=1e-3)  # Wilson, 50 of 100
    assert share_interval(0.5, 0.5 + np.tile([-0.1, 0.1], 50), 100)[0] < 0.33  # as 25 would
    assert ratio_interval(0.0, np.tile([-0.1, 0.1], 50)) == (0, pytest.approx(0.196))
    low, high = ratio_interval(2.0, np.tile([-0.1, 0.1], 50))
    assert low * high == pytest.approx(4) and high == pytest.approx(2 * np.exp(0.098))
    assert percentile_interval(np.array([np.nan])) != (0, 0)
