"""Distances of sets of images: the Fréchet distance of features, and its resamples."""

import numpy as np
import pytest

from components.latent_evaluator.metrics.bootstrap import resample_counts
from trainer.measures.frechet import distance_of_features, frechet_distance, resampled_distances


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
