"""Structural similarity where it is known in closed form."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from trainer.measures.ssim import ssim

C1, C2 = 1e-4, 9e-4


def test_equal_images_score_one():
    images = np.random.default_rng(0).random((3, 16, 20, 3))
    assert ssim(images, images) == pytest.approx([1, 1, 1])


def test_flat_images_compare_by_brightness_alone():
    a, b = np.full((1, 16, 16, 1), 0.2), np.full((1, 16, 16, 1), 0.6)
    expected = (2 * 0.2 * 0.6 + C1) / (0.2**2 + 0.6**2 + C1)
    assert ssim(a, b) == pytest.approx([expected], rel=1e-3)


def test_against_the_formula_with_scipys_gaussian():
    rng = np.random.default_rng(1)
    a, b = rng.random((24, 24)), rng.random((24, 24))

    def mean(x):
        return gaussian_filter(x, 1.5, radius=5, mode="reflect")[5:-5, 5:-5]

    ma, mb = mean(a), mean(b)
    va, vb, ab = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    expected = (2 * ma * mb + C1) * (2 * ab + C2) / ((ma**2 + mb**2 + C1) * (va + vb + C2))
    found = ssim(a[None, ..., None], b[None, ..., None])
    assert found == pytest.approx([expected.mean()], abs=1e-5)


def test_images_smaller_than_the_window_and_nan():
    small = np.random.default_rng(2).random((1, 8, 8, 1))
    assert ssim(small, small) == pytest.approx([1])
    assert ssim(small, 1 - small)[0] < 0
    assert np.isnan(ssim(small, small * np.nan)).all()
