"""The measures behind docs/parity.md, on pictures whose answers are known."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "parity"))
import claims
import report


def bar(width: int, shift: float) -> np.ndarray:
    """A stroke of that width from top to bottom, which moves `shift` columns to the right a row."""
    image = np.zeros((40, 60), np.uint8)
    for row in range(5, 35):
        left = round(20 + shift * row)
        image[row, left : left + width] = 255
    return image


@pytest.mark.parametrize("shift", [-0.5, 0.0, 0.5, 1.0])
def test_slant(shift):
    assert claims.slant(bar(3, shift)) == pytest.approx(shift, abs=0.02)


@pytest.mark.parametrize("width", [1, 3, 5, 7])
def test_thickness(width):
    assert claims.thickness(bar(width, 0)) == pytest.approx(width, abs=0.35)


def test_thickness_of_an_empty_picture():
    assert claims.thickness(np.zeros((28, 28), np.uint8)) == 0


def test_a_blurred_picture_is_less_sharp():
    sharp = bar(3, 0.3)[None, :, :, None]
    weights = np.array([1, 2, 1]) / 4
    soft = np.apply_along_axis(lambda row: np.convolve(row, weights, "same"), 2, sharp)
    assert claims.sharpness(soft.astype(np.uint8)) < 0.5 * claims.sharpness(sharp)


def test_celeba_in_the_units_of_the_source():
    values, mse = 12_288, 0.02296
    loss = 0.5 * (mse * values + values * math.log(2 * math.pi))
    weighted, kl = report.as_published({"reconstruction_loss": loss, "kl_loss": 17.29})
    assert weighted == pytest.approx(45.92) and kl == 17.29


@pytest.mark.parametrize(
    ("ours", "words"),
    [([100.0], "reached (+0.0%)"), ([100.4], "within 0.5 % (+0.4%)"),
     ([101.0], "not reached (+1.0%)"), ([98.0, 99.0], "reached (-1.5%)")],
)  # fmt: skip
def test_verdicts(ours, words):
    assert report._verdict(np.array(ours), 100.0) == words
