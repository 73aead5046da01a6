import math

import numpy as np
import pytest
from scipy import stats

from trainer.models import losses


def as_array(tensor):
    return np.asarray(tensor)


def test_kl_known_values():
    zeros = np.zeros((2, 10), np.float32)
    assert as_array(losses.kl_divergence(zeros, zeros)).tolist() == [0, 0]
    assert as_array(losses.kl_divergence(zeros + 1, zeros)) == pytest.approx([5, 5])
    # variance 4: (4 - 1 - log 4) / 2 a dimension
    wide = losses.kl_divergence(zeros, zeros + math.log(4))
    assert as_array(wide) == pytest.approx([10 * (3 - math.log(4)) / 2] * 2)


def test_bernoulli_known_values():
    images = np.array([[[[0.0], [1.0]]], [[[0.25], [0.5]]]], np.float32)  # [2, 1, 2, 1]
    undecided = losses.bernoulli_nll(images, np.zeros_like(images))
    assert as_array(undecided) == pytest.approx([2 * math.log(2)] * 2)
    p = 1 / (1 + math.exp(-3))
    confident = losses.bernoulli_nll(images, np.full_like(images, 3))
    expected = [
        -math.log(1 - p) - math.log(p),
        -0.25 * math.log(p) - 0.75 * math.log(1 - p) - 0.5 * math.log(p * (1 - p)),
    ]
    assert as_array(confident) == pytest.approx(expected, rel=1e-5)


def test_bernoulli_does_not_overflow():
    images = np.ones((1, 1, 1, 1), np.float32)
    assert as_array(losses.bernoulli_nll(images, images * -200)) == pytest.approx([200])


def test_gaussian_known_values():
    images = np.full((1, 2, 2, 3), 0.5, np.float32)
    exact = losses.gaussian_nll(images, images, math.log(0.1))
    assert as_array(exact) == pytest.approx([12 * (math.log(0.1) + 0.5 * math.log(2 * math.pi))])
    off = losses.gaussian_nll(images, images - 0.2, math.log(0.1))
    assert as_array(off - exact) == pytest.approx([12 * 0.5 * 4], rel=1e-5)


def test_bits_per_dim_of_probabilities():
    assert losses.bits_per_dim(1024 * math.log(2), 1024) == pytest.approx(1)


def test_bits_per_dim_of_a_density_is_its_mean_over_the_bins():
    """Against the mean of the density over 200,000 draws of uniform noise in the bins."""
    random = np.random.default_rng(0)
    x, mean, sigma = np.float64([0.0, 0.2, 1.0]), np.float64([0.1, 0.2, 0.9]), 0.01
    noise = random.uniform(-0.5 / 255, 0.5 / 255, (200_000, 3))

    def nll(values):
        return 0.5 * ((values - mean) / sigma) ** 2 + math.log(sigma) + 0.5 * math.log(2 * math.pi)

    drawn = nll(x + noise).mean(axis=0).sum() / (3 * math.log(2)) + math.log2(255)
    assert losses.bits_per_dim(nll(x).sum(), 3, sigma) == pytest.approx(drawn, rel=1e-3)


@pytest.mark.parametrize("sigma", [1e-4, 5e-4, 0.0015, 0.004, 0.02, 0.1, 1.0])
@pytest.mark.parametrize("off", [0.0, 0.3, 1.0])
def test_bits_per_dim_of_a_density_bounds_the_code_length_of_bytes(sigma, off):
    """The exact length is that of the bin's probability; `off`: of the mean, in sigmas."""
    levels = np.random.default_rng(1).integers(0, 256, 4096) / 255
    means = levels + off * sigma * np.random.default_rng(2).standard_normal(4096)
    edges = [(levels + side / 510 - means) / sigma for side in (-1, 1)]
    bins = stats.norm.cdf(edges[1]) - stats.norm.cdf(edges[0])
    exact = float(-np.log2(bins).mean())
    nats = -stats.norm.logpdf(levels, means, sigma).sum()
    found = losses.bits_per_dim(nats, 4096, sigma)
    assert found >= exact >= 0
    if sigma >= 0.02:  # where the density hardly changes within a bin, the bound is tight
        assert found == pytest.approx(exact, abs=5e-3)
