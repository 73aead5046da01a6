"""The measures behind docs/parity.md, on pictures whose answers are known."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "parity"))
import claims
from data import Data, Images
from rows import Row
from training import result_files


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


def test_neighbours_tell_what_a_line_cannot():
    """Two rings around each other; a line through them tells nothing."""
    random = np.random.default_rng(0)
    angle, label = random.uniform(0, 2 * np.pi, 4000), np.arange(4000) // 2 % 2
    radius = 1 + label + random.normal(0, 0.05, 4000)
    rings = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    found = claims.probe_codes(rings, label)
    assert found.chance == 0.5 and found.neighbours > 0.99 and abs(found.linear - 0.5) < 0.1
    blind = claims.probe_codes(random.normal(size=(4000, 2)), label)
    assert abs(blind.neighbours - 0.5) < 0.05


def test_the_mean_image_of_a_label_is_what_a_model_is_held_against():
    stripes = np.stack([bar(3, 0.0), bar(3, 0.0), bar(3, 0.5), bar(3, 0.5)])[..., None]
    dark = np.zeros_like(stripes[:2])
    images = Images(np.concatenate([stripes[:2], dark]), np.array([0, 0, 1, 1]))
    held_out = Images(np.concatenate([stripes[2:], dark]), np.array([0, 0, 1, 1]))
    found = claims.quality_of_means(
        lambda shown: np.eye(2)[(shown.max(axis=(1, 2, 3)) == 0).astype(int)],
        Data(images, held_out, ("bar", "nothing")),
    )
    wrong = (stripes[0] != stripes[2]).mean() / 2  # of the pixels, half the images being dark
    assert found.mse == pytest.approx(wrong) and found.fidelity == 1
    assert found.sharpness == found.reconstruction_sharpness > 0


def test_a_dot_in_a_name_stays_there(tmp_path):
    files = result_files(tmp_path, Row(name="gamma_0.1", preset="", data=""), 0)
    assert [file.name for file in files] == ["gamma_0.1-0.json", "gamma_0.1-0.weights.h5"]
