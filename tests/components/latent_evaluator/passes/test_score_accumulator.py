"""Metrics on images whose scores are known in closed form."""

import math

import numpy as np
import pytest

from components.latent_evaluator.passes.score_accumulator import ScoreAccumulator, split_scores
from trainer.data.records import Records
from trainer.export.loaded import ScoredBatch

SHAPE = (2, 2, 1)
PIXELS = 4


def batch(images, reconstructions, z_mean=None, labels=None, loss=3.0, kl=1.0, first=0):
    images = np.asarray(images, np.uint8).reshape(-1, *SHAPE)
    n = len(images)
    return ScoredBatch(
        records=Records(
            keys=[str(first + i).encode() for i in range(n)],
            labels=labels or ["cat"] * n,
            images=images,
            attributes=np.zeros((n, 0), np.int64),
        ),
        reconstructions=np.asarray(reconstructions, np.float32).reshape(-1, *SHAPE),
        z_mean=np.zeros((n, 2)) if z_mean is None else np.asarray(z_mean, np.float32),
        reconstruction_loss=np.full(n, loss, np.float32),
        kl_loss=np.full(n, kl, np.float32),
        z_log_var=np.zeros((n, 2), np.float32),
    )


def measure(*batches, likelihood="bernoulli", sigma=1.0):
    accumulator = ScoreAccumulator(3)
    for each in batches:
        accumulator.add(each)
    return split_scores(accumulator, likelihood=likelihood, sigma=sigma)


BLACK, WHITE = [0] * PIXELS, [255] * PIXELS


def test_elbo_and_bits_are_the_sum_of_both_terms():
    found = measure(batch([BLACK, WHITE], [[0.5] * 4] * 2, loss=3.0, kl=1.0))
    assert found["elbo"] == -4.0
    assert found["bits_per_dim"] == pytest.approx(4.0 / (PIXELS * math.log(2)))
    assert found["count"] == 2


def test_bits_of_a_density_are_of_the_256_levels():
    images = batch([BLACK, WHITE], [[0.5] * 4] * 2)
    for likelihood in ("gaussian", "gaussian_learned"):
        wide = measure(images, likelihood=likelihood, sigma=1.0)["bits_per_dim"]
        assert wide == pytest.approx(4.0 / (PIXELS * math.log(2)) + math.log2(255), abs=1e-5)
        narrow = measure(images, likelihood=likelihood, sigma=0.0015)["bits_per_dim"]
        assert narrow - wide == pytest.approx((1 / 255 / 0.0015) ** 2 / 24 / math.log(2), abs=1e-5)


def test_a_bernoulli_likelihood_of_grey_pixels_has_no_bits():
    binary = measure(batch([BLACK, WHITE] * 50, [[0.5] * 4] * 100))
    assert binary["bits_per_dim"] > 0
    grey = measure(batch([BLACK, WHITE] * 50 + [[0, 0, 0, 254]], [[0.5] * 4] * 101))
    assert grey["bits_per_dim"] is None
    assert grey["elbo"] == -4.0


def test_mse_and_psnr_of_a_known_error():
    found = measure(batch([BLACK], [[0.1] * 4]))
    assert found["mse"] == pytest.approx(0.01)
    assert found["psnr"] == pytest.approx(20.0)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "gaussian_learned"])
def test_perfect_reconstructions_of_grey_images_leave_nothing(likelihood):
    grey = [[10, 60, 120, 240], [200, 30, 90, 0]]
    found = measure(batch(grey, np.asarray(grey) / 255), likelihood=likelihood)
    assert found["unexplained"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "gaussian_learned"])
def test_the_mean_image_itself_leaves_everything(likelihood):
    grey = np.asarray([[10, 60, 120, 240], [200, 30, 90, 0]])
    mean = np.tile(grey.mean(axis=0) / 255, (2, 1))
    assert measure(batch(grey, mean), likelihood=likelihood)["unexplained"] == pytest.approx(1)


def test_half_of_black_and_white_costs_one_bit_a_pixel_under_the_mean_image():
    found = measure(batch([BLACK, WHITE], [[0.5] * 4] * 2))
    assert found["mean_image"]["reconstruction_loss"] == pytest.approx(PIXELS * math.log(2))
    assert found["mean_image"]["mse"] == pytest.approx(0.25)


def test_gaussian_mean_image_uses_the_given_sigma_or_its_own_best():
    images = batch([BLACK, WHITE], [[0.5] * 4] * 2)
    given = measure(images, likelihood="gaussian", sigma=2.0)["mean_image"]
    best = measure(images, likelihood="gaussian_learned")["mean_image"]
    # every pixel is off by 1/2; the best sigma is that error
    expected = PIXELS * (0.25 / (2 * 4) + 0.5 * math.log(2 * math.pi * 4))
    assert given["reconstruction_loss"] == pytest.approx(expected)
    assert best["reconstruction_loss"] == pytest.approx(
        PIXELS * 0.5 * (1 + math.log(2 * math.pi * 0.25))
    )


def test_images_that_do_not_differ_explain_nothing():
    found = measure(batch([WHITE, WHITE], [[1.0] * 4] * 2), likelihood="gaussian")
    assert found["unexplained"] == 1


def test_active_units_count_variances_above_a_hundredth():
    # variances 0.0099 and 0.0101
    z = np.array([[-1, -1], [1, 1]]) * np.sqrt([0.0099, 0.0101])
    found = measure(batch([BLACK, WHITE], [[0.5] * 4] * 2, z_mean=z))
    assert (found["active_units"], found["latent_dim"]) == (1, 2)


def test_the_kl_of_each_dimension_is_averaged_over_images():
    """Of N(m, 1) it is m^2 / 2."""
    found = measure(
        batch([BLACK], [[0.5] * 4], z_mean=[[2, 0]]), batch([BLACK], [[0.5] * 4], z_mean=[[0, 1]])
    )
    assert found["kl_per_dimension"] == pytest.approx([1.0, 0.25])


def test_similarity_is_averaged_over_images():
    found = measure(batch([BLACK, WHITE], [[0.0] * 4, [0.0] * 4]))
    assert found["ssim"] == pytest.approx(0.5, abs=1e-3)  # 1, and C1 / (1 + C1)


def test_labels_are_measured_apart():
    cats = batch([BLACK], [[0.1] * 4], labels=["cat"], loss=2)
    dogs = batch([BLACK], [[0.5] * 4], labels=["dog"], loss=6)
    found = measure(cats, dogs)
    assert found["reconstruction_loss"] == 4
    assert found["labels"]["cat"]["reconstruction_loss"] == 2
    assert found["labels"]["dog"]["mse"] == pytest.approx(0.25)


def test_without_labels_there_are_no_slices():
    assert measure(batch([BLACK], [[0.5] * 4], labels=[""]))["labels"] == {}


def test_merging_in_any_order_gives_the_same():
    rng = np.random.default_rng(0)
    parts = []
    for part in range(3):
        accumulator = ScoreAccumulator(2)
        images = rng.integers(0, 256, (4, PIXELS))
        labels = ["cat", "dog", "cat", "cow"]
        accumulator.add(
            batch(images, rng.random((4, 4)), rng.random((4, 2)), labels, first=4 * part)
        )
        parts.append(accumulator)
    one, other = ScoreAccumulator(2), ScoreAccumulator(2)
    for part in parts:
        one.merge(part)
    for part in reversed(parts):
        other.merge(part)
    left, right = (split_scores(t, likelihood="bernoulli", sigma=None) for t in (one, other))
    assert left["labels"].keys() == right["labels"].keys()
    for name in ("unexplained", "mse", "elbo"):
        assert left[name] == pytest.approx(right[name], rel=1e-12)
    for label in ("cat", "dog", "cow"):
        shown = [[rank for rank, _, _ in t.gallery[label]] for t in (one, other)]
        assert shown[0] == shown[1] == sorted(shown[0])
        assert len(shown[0]) == 2


def test_a_nan_reaches_the_metrics():
    found = measure(batch([BLACK, WHITE], [[np.nan] * 4] * 2, loss=float("nan")))
    assert math.isnan(found["elbo"])
    assert math.isnan(found["unexplained"])
    assert math.isnan(found["mse"])
