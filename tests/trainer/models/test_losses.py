import math

import numpy as np
import pytest

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


def test_bits_per_dim():
    assert losses.bits_per_dim(1024 * math.log(2), 1024, density=False) == pytest.approx(1)
    # the uniform density on [0, 1] costs 8 bits a byte
    assert losses.bits_per_dim(0.0, 1024, density=True) == pytest.approx(8)
