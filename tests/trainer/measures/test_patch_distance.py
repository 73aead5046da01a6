"""The distance of patches of Laplacian pyramids: known answers, ranks, and its draws."""

import cv2
import numpy as np
import pytest

from components.latent_evaluator.metrics.bootstrap import resample_counts
from trainer.measures.patch_distance import (
    PatchReference,
    laplacian_pyramid,
    patch_distance,
    take_patches,
)


def strokes(count, seed, side=32):
    """Bright strokes of random place and direction on black, uint8 [count, side, side, 1]."""
    rng = np.random.default_rng(seed)
    images = np.zeros((count, side, side, 1), np.uint8)
    for image in images:
        for ends in rng.integers(3, side - 3, (3, 4)).tolist():
            cv2.line(image, ends[:2], ends[2:], 255, 2, cv2.LINE_AA)
    return images


def distance(real, images):
    return patch_distance(real, images, projections=16, seed=0)


def blurred(images, sigma):
    return np.stack([cv2.GaussianBlur(image, (0, 0), sigma)[..., None] for image in images])


def gaussian_noise(images, seed):
    """Noise of the images' mean and covariance."""
    pixels = images.reshape(len(images), -1).astype(np.float64)
    weights = np.random.default_rng(seed).normal(size=(len(images), len(images)))
    noise = weights @ (pixels - pixels.mean(axis=0)) / np.sqrt(len(images)) + pixels.mean(axis=0)
    return noise.clip(0, 255).round().astype(np.uint8).reshape(images.shape)


@pytest.mark.parametrize(("side", "sides"), [(64, [64, 32, 16]), (28, [28, 14]), (20, [20])])
def test_levels_go_down_to_sixteen_pixels_and_add_up_to_the_image(side, sides):
    image = np.random.default_rng(0).random((side, side, 3), np.float32)
    levels = laplacian_pyramid(image)
    assert [level.shape for level in levels] == [(side, side, 3) for side in sides]
    again = levels[-1]
    for level in reversed(levels[:-1]):
        again = level + cv2.pyrUp(again, dstsize=level.shape[1::-1])
    assert again == pytest.approx(image, abs=1e-6)
    flat = laplacian_pyramid(np.full((side, side, 1), 0.5, np.float32))
    assert all(np.abs(level).max() < 1e-6 for level in flat[:-1]) and flat[-1].min() == 0.5


def test_patches_are_windows_of_the_level():
    image = np.arange(14 * 14 * 2, dtype=np.uint8).reshape(1, 14, 14, 2)
    (patches,) = take_patches(image, seed=0)
    assert patches.shape == (1, 128, 49, 2)
    pixels = image[0].astype(np.float32) / 255
    windows = [pixels[y : y + 7, x : x + 7].reshape(49, 2) for y in range(8) for x in range(8)]
    assert all(any(np.array_equal(patch, w) for w in windows) for patch in patches[0][:20])
    assert take_patches(image[:, :5, :5], seed=0)[0].shape[2] == 25


def test_it_is_in_deviations_of_the_real_patches():
    noise = np.random.default_rng(1).integers(100, 121, (100, 14, 14, 1)).astype(np.uint8)
    brighter = noise + 60  # moves every patch by 60 along (1, ..., 1) / 7 * 7
    found = patch_distance(noise, brighter, projections=200, seed=0)
    # The mean over directions of (u . 1)^2 is 1 in any dimension: the shift of one pixel.
    assert found == pytest.approx(60 / noise.std(), rel=0.1)
    assert distance(noise, noise) == 0


def test_it_ranks_what_generators_do():
    real, other = strokes(200, 0), strokes(200, 1)
    averages = ((other.astype(int) + strokes(200, 2)) // 2).astype(np.uint8)
    found = {
        "other": distance(real, other),
        "slightly blurred": distance(real, blurred(other, 0.5)),
        "blurred": distance(real, blurred(other, 1.2)),
        "averages": distance(real, averages),
        "noise": distance(real, gaussian_noise(other, 3)),
        "mean": distance(real, other.mean(axis=0).astype(np.uint8)[None].repeat(200, axis=0)),
    }
    assert found["other"] < 0.05
    for name in ("blurred", "averages", "noise"):
        assert 2 * found["other"] < found["slightly blurred"] < found[name] < found["mean"], name


def test_draws_spread_as_other_images_do():
    counts = [resample_counts(100, 200, seed) for seed in (0, 1)]
    values = [
        distance(strokes(100, 2 * i), blurred(strokes(100, 2 * i + 1), 0.7)) for i in range(16)
    ]
    reference = PatchReference(strokes(100, 100), projections=16, seed=0, counts=counts[0])
    found = reference.distance(blurred(strokes(100, 101), 0.7), counts[1])
    assert found.draws.mean() == pytest.approx(found.value, rel=0.01)
    assert found.draws.std() == pytest.approx(np.std(values), rel=0.35)
    worse = reference.distance(blurred(strokes(100, 101), 0.8), counts[1])
    assert worse.value > found.value
    assert (worse.draws - found.draws).std() < found.draws.std() / 2  # the same images


def test_sets_of_different_sizes_are_compared():
    real, images = strokes(100, 0), strokes(37, 1)
    counts = resample_counts(100, 20, 0), resample_counts(37, 20, 1)
    reference = PatchReference(real, projections=16, seed=0, counts=counts[0])
    found = reference.distance(blurred(images, 1), counts[1])
    assert 0.2 < found.value < 1 and found.draws.shape == (20,)
