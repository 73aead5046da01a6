"""The importance-weighted bound on a model whose likelihood is known."""

import numpy as np
import pytest
from scipy import stats

from components.latent_evaluator.metrics.likelihood import (
    importance_weighted,
    log_normal,
    log_weights,
)


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
