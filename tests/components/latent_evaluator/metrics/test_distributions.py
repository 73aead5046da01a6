"""Normality, Fréchet distance, precision and recall, importance weighting."""

import numpy as np
import pytest
from scipy import stats

from components.latent_evaluator.metrics.bootstrap import resample_counts
from components.latent_evaluator.metrics.importance_weighting import (
    importance_weighted,
    log_normal,
    log_weights,
)
from components.latent_evaluator.metrics.normality import EDGES, ks_statistic, latent_normality
from components.latent_evaluator.metrics.precision_recall import precision_and_recall
from trainer.measures.frechet import distance_of_features, frechet_distance, resampled_distances


def test_ks_is_scipys():
    z = np.random.default_rng(0).normal(0.3, 1.4, (200, 3))
    expected = [stats.kstest(column, "norm").statistic for column in z.T]
    assert ks_statistic(z) == pytest.approx(expected)
    assert ks_statistic(np.zeros((5, 1))) == pytest.approx([0.5])  # a collapsed dimension


def test_histograms_count_every_code_once():
    z = np.array([[0.05, -9.0], [0.05, 9.0], [-0.05, 0.0]], np.float32)
    found = latent_normality(z)
    assert found["histogram"]["edges"] == EDGES.tolist()
    first, second = np.array(found["histogram"]["counts"])
    assert first[20] == 2 and first[19] == 1 and first.sum() == 3
    assert second[0] == 1 and second[-1] == 1 and second.sum() == 3
    assert found["mean"] == pytest.approx([0.05 / 3, 0])
    assert found["std"][1] == pytest.approx(np.sqrt(54))


def test_frechet_distance_of_known_gaussians():
    # commuting covariances: |m - m'|^2 + sum (s - s')^2
    one, other = np.diag([1.0, 4.0]), np.diag([9.0, 1.0])
    mean = np.array([1.0, -1.0])
    assert frechet_distance(mean, one, mean + np.array([3, 4]), other) == pytest.approx(25 + 4 + 1)
    assert frechet_distance(mean, one, mean, one) == pytest.approx(0, abs=1e-9)
    assert np.isnan(frechet_distance(mean * np.nan, one, mean, one))


def test_frechet_distance_does_not_depend_on_the_axes():
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    points, others = rng.normal(size=(50, 3)), rng.normal(size=(40, 3)) @ np.diag([1, 2, 3]) + 1
    expected = distance_of_features(points, others)
    assert expected > 1
    assert distance_of_features(points @ turn, others @ turn) == pytest.approx(expected)
    assert distance_of_features(points, points[::-1]) == pytest.approx(0, abs=1e-9)


def test_resampled_distances_are_those_of_the_images_drawn():
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(30, 2)), rng.normal(size=(20, 2)) + 1
    counts, others = resample_counts(30, 3, 0), resample_counts(20, 3, 1)
    expected = [
        distance_of_features(np.repeat(one, a.astype(int), 0), np.repeat(other, b.astype(int), 0))
        for a, b in zip(counts, others, strict=True)
    ]
    assert resampled_distances(one, other, counts, others) == pytest.approx(expected)


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


def test_log_normal_is_scipys():
    z = np.array([[0.5, -1.0]])
    expected = stats.norm.logpdf(z, [[1, 2]], np.exp(np.array([[0.2, -0.4]]) / 2)).sum()
    assert log_normal(z, np.array([[1, 2]]), np.array([[0.2, -0.4]])) == pytest.approx([expected])


def test_importance_weighting_finds_the_likelihood_of_a_linear_gaussian_model():
    """p(z) = N(0, 1), p(x|z) = N(z, 1): p(x) = N(0, 2), and the posterior is N(x / 2, 1 / 2)."""
    x, k = np.array([0.3, -1.7]), 4000
    exact = stats.norm.logpdf(x, 0, np.sqrt(2))
    noise = np.random.default_rng(0).standard_normal((2, k, 1))

    def bound(mean, log_var, samples=k):
        z = mean + np.exp(log_var / 2) * noise[:, :samples]
        likelihood = stats.norm.logpdf(x[:, None], z[..., 0], 1)
        return importance_weighted(log_weights(likelihood, z, mean, log_var))

    true = (x / 2)[:, None, None], np.full((2, 1, 1), np.log(0.5))
    assert bound(*true, samples=1) == pytest.approx(exact)  # the true posterior is exact at once
    wrong = (x / 2)[:, None, None] + 0.5, np.full((2, 1, 1), 0.0)
    assert bound(*wrong) == pytest.approx(exact, abs=0.03)
    # the ELBO of the wrong posterior is its KL below: log 2 / 2 - 1 / 2 + (1 + 1 / 4) / 1
    elbo = np.mean([importance_weighted(_single(x, wrong, noise[:, i : i + 1])) for i in range(k)])
    assert exact.mean() - elbo == pytest.approx(-0.5 * np.log(2) - 0.5 + 1.25, abs=0.06)


def _single(x, posterior, noise):
    mean, log_var = posterior
    z = mean + np.exp(log_var / 2) * noise
    return log_weights(stats.norm.logpdf(x[:, None], z[..., 0], 1), z, mean, log_var)
