"""Training images among the neighbours of samples: known answers, and simulations of models that
generalise and of models that copy."""

import cv2
import numpy as np
import pytest

from components.latent_evaluator.metrics.memorisation import (
    Nearest,
    NearestSearch,
    TrainingSearch,
    centred,
    copies,
    directions,
    excess_interval,
    nearer_training,
    shapes,
    thumbnails,
)

SIDE = 28
LIMIT = 0.6


def drawings(count, seed):
    """White strokes on black through four random points, uint8 [count, SIDE, SIDE, 1]."""
    rng = np.random.default_rng(seed)
    images = np.zeros((count, SIDE, SIDE, 1), np.uint8)
    points = rng.normal(SIDE / 2, 5, (count, 1, 4, 1, 2)).clip(3, SIDE - 4)
    for image, strokes in zip(images, points.astype(np.int32), strict=True):
        cv2.polylines(image, list(strokes), False, 255, 2, cv2.LINE_AA)
    return images


def blurred(images):
    return np.stack([cv2.GaussianBlur(image, (0, 0), 1.0)[..., None] for image in images])


def shifted(images):
    return np.roll(images, 1, axis=2)


def thickened(images):
    square = np.ones((2, 2), np.uint8)
    return np.stack([cv2.dilate(image, square)[..., None] for image in images])


def noisy(images):
    noise = np.random.default_rng(3).normal(0, 25, images.shape)
    return (images + noise).clip(0, 255).astype(np.uint8)


def searched(samples, training, held_out, batch=100):
    search = TrainingSearch([samples], held_out)
    for start in range(0, len(training), batch):
        search.add(training[start : start + batch])
    return search.results(0)[0]


def near(points, training, held_out):
    return nearer_training(
        NearestSearch(points).add(training).result(),
        NearestSearch(points).add(held_out).result(),
        0,
    )


def test_thumbnails_are_averages():
    image = np.zeros((1, 32, 64, 1), np.uint8)
    image[0, ::2, :, 0] = 255
    found = thumbnails(image)
    assert found.shape == (1, 16, 16, 1)
    assert found == pytest.approx(0.5, abs=0.01)
    small = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3)
    assert thumbnails(small) == pytest.approx(small / 255)  # not blown up


def test_centred_images_have_their_weight_in_the_middle():
    image = np.full((1, 9, 12, 3), 200, np.uint8)
    image[0, 1:4, 7:11, 1] = 50  # on a background of 200
    found = centred(image)
    assert found.shape == image.shape
    assert (found[0, 3:6, 4:8, 1] == 50).all() and (found != 200).sum() == 12
    assert (centred(np.full((1, 8, 8, 1), 7, np.uint8)) == 7).all()


def test_a_shape_has_neither_place_nor_brightness_nor_contrast():
    images = drawings(5, 0)
    found = shapes(images)
    assert found.shape == (5, 8 * 8)
    assert found.mean(axis=1) == pytest.approx(0, abs=1e-6)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)
    assert shapes(images // 2 + 90) == pytest.approx(found, abs=0.01)
    assert shapes(np.roll(images, (1, 1), (1, 2))) == pytest.approx(found, abs=0.01)
    assert shapes(np.full((1, 20, 15, 3), 170, np.uint8)) == pytest.approx(0, abs=1e-2)


def test_a_shape_is_a_mean_of_blurred_pixels():
    image = np.zeros((1, 16, 16, 1), np.uint8)
    image[0, 7:9, 7:9] = 255  # in the middle already
    kernel = np.exp(-((np.arange(16) - np.array([[7], [8]])) ** 2) / 2).sum(axis=0)
    coarse = np.outer(kernel, kernel).reshape(8, 2, 8, 2).mean(axis=(1, 3)).ravel()
    coarse -= coarse.mean()
    assert shapes(image)[0] == pytest.approx(coarse / np.linalg.norm(coarse), abs=2e-3)


def test_a_direction_is_the_same_for_a_paler_image():
    rng = np.random.default_rng(0)
    small, mean = rng.random((4, 6, 5, 1)), rng.random((6, 5, 1))
    found = directions(small, mean)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    assert directions(mean + 0.3 * (small - mean), mean) == pytest.approx(found)
    assert not directions(mean[None], mean).any()


def test_pale_samples_about_training_images_are_seen():
    """All are near the mean image, so all have their neighbours among the images next to it."""
    training, held_out = drawings(60, 0), drawings(60, 1)
    mean = training.mean(axis=0)
    pale = (mean + 0.3 * (training[np.arange(400) % 60] - mean)).astype(np.uint8)
    assert searched(pale, training, held_out).nearer[1][0] > LIMIT


def test_the_nearest_in_any_batches():
    rng = np.random.default_rng(0)
    points, others = rng.random((7, 5)), rng.random((40, 5))
    gaps = ((points[:, None] - others[None]) ** 2).sum(axis=2)
    for batches in ([others], [others[:1], others[1:9], others[9:]]):
        search = NearestSearch(points)
        for batch in batches:
            search.add(batch)
        found = search.result()
        assert found.images == 40
        assert found.place.tolist() == gaps.argmin(axis=1).tolist()
        assert found.squared == pytest.approx(gaps.min(axis=1), rel=1e-3)


def test_a_point_is_not_its_own_neighbour():
    rng = np.random.default_rng(0)
    points = rng.random((9, 5))
    gaps = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(gaps[:6, :6], np.inf)
    found = NearestSearch(points, 6).add(points[:2]).add(points[2:]).result()
    assert found.place.tolist() == gaps.argmin(axis=1).tolist()
    assert found.place[6:].tolist() == [6, 7, 8]


def test_copies_are_found_and_relatives_are_not():
    rng = np.random.default_rng(1)
    train, held_out = rng.random((50, 200)), rng.random((50, 200))

    def found(points):
        searches = (NearestSearch(points).add(images).result() for images in (train, held_out))
        return copies(*searches)

    assert found(train[:20] + rng.normal(0, 0.005, (20, 200))).all()
    assert not found((train[:20] + held_out[:20]) / 2).any()  # as near to one as to another
    assert not found(rng.random((20, 200))).any()


def test_the_interval_of_a_difference_of_shares():
    """Newcombe 1998, table II: 56/70 and 48/80, 9/10 and 3/10, 10/10 and 0/20."""
    for (a, m), (b, n), expected in (
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((10, 10), (0, 20), (0.6791, 1.0)),
    ):
        assert excess_interval(a / m, m, b / n, n) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("altered", [np.copy, blurred, shifted, thickened, noisy])
@pytest.mark.parametrize("count", [50, 1000])
def test_altered_copies_are_nearer_to_training(altered, count):
    """Held-out images are as many, or a quarter; limits are those of the config."""
    training, held_out = drawings(count, 0), drawings(max(50, count // 4), 1)
    samples = altered(training[np.arange(400) % count])
    share, (low, high) = searched(samples, training, held_out).nearer
    assert LIMIT < low < share <= high
    assert share > 0.75


@pytest.mark.parametrize("altered", [np.copy, blurred, shifted, noisy])
def test_copies_of_images_that_training_holds_twice_are_copies(altered):
    training, held_out = drawings(300, 0), drawings(300, 1)
    found = searched(altered(training), np.concatenate([training, training]), held_out)
    assert found.excess_interval[0] > 0.6
    assert found.nearer[1][0] > LIMIT


def test_a_tenth_of_copies_among_new_images_is_seen_as_a_tenth():
    training, held_out, new = drawings(400, 0), drawings(400, 1), drawings(360, 2)
    found = searched(np.concatenate([new, training[:40]]), training, held_out)
    assert found.memorised - found.memorised_held_out == pytest.approx(0.1, abs=0.03)


def test_new_images_are_neither_copies_nor_nearer_to_training():
    training, held_out, new = (drawings(count, seed) for seed, count in enumerate((900, 300, 500)))
    found = searched(new, training, held_out)
    assert found.excess_interval[0] < 0 < found.excess_interval[1]
    low, high = found.nearer[1]
    assert low < 0.5 < high
    assert found.median_distance == pytest.approx(found.median_distance_held_out, rel=0.1)
    assert (found.samples, found.train_images, found.held_out_images) == (500, 900, 300)


def test_held_out_images_that_are_training_images_are_counted():
    training, held_out = drawings(60, 0), drawings(40, 1)
    held_out[5:15] = training[20:30]
    assert searched(held_out, training, held_out).repeated_held_out == 0.25


def test_neighbours_are_at_most_as_many_held_out_images_as_training_images():
    found = searched(drawings(30, 2), drawings(20, 0), drawings(90, 1))
    assert (found.train_images, found.held_out_images) == (20, 20)


@pytest.mark.parametrize(("training", "held_out"), [(0, 40), (40, 1), (1, 40)])
def test_too_few_images_say_nothing(training, held_out):
    assert searched(drawings(20, 2), drawings(training, 0), drawings(held_out, 1)) is None


def test_shares_of_unequal_sets_count_each_image_alike():
    """Six of nine points are nearest to one of four training images, three to one of two others."""
    training = Nearest(np.array([0] * 6 + [1] * 3, np.float32), np.arange(9) % 4, 4)
    held_out = Nearest(1 - training.squared, np.arange(9) % 2, 2)
    assert nearer_training(training, held_out, 0)[0] == pytest.approx(0.5)
    assert nearer_training(training, Nearest(held_out.squared, held_out.place, 4), 0)[
        0
    ] == pytest.approx(2 / 3)


def test_ties_count_half():
    same = Nearest(np.zeros(8, np.float32), np.arange(8), 8)
    share, (low, high) = nearer_training(same, same, 0)
    assert (share, low, high) == (0.5, 0.5, 0.5)


def test_samples_that_are_all_alike_say_nothing():
    """All have one neighbour, of one kind or the other: a coin tossed once."""
    training, held_out = np.random.default_rng(0).random((2, 100, 4))
    share, (low, high) = near(np.repeat(training[:1], 1000, axis=0), training, held_out)
    assert share == 1 and (low, high) == (0.5, 1.0)


@pytest.mark.parametrize(
    ("training", "held_out", "samples"),
    [(50, 50, 200), (200, 200, 200), (400, 60, 200), (50, 50, 40)],
)
def test_a_model_that_generalises_is_rarely_refused(training, held_out, samples):
    """Three sets of one skewed distribution. The lower end lies above chance in about 2.5 % of the
    repetitions; above the limit in hardly any."""
    rng = np.random.default_rng([training, held_out, samples])
    lows, covered, repetitions = [], 0, 100
    for _ in range(repetitions):
        every = rng.standard_t(4, (training + held_out + samples, 8))
        low, high = near(*np.split(every, [samples, samples + training]))[1]
        lows.append(low)
        covered += low <= 0.5 <= high
    assert covered >= 0.91 * repetitions
    assert np.mean(np.array(lows) > 0.5) <= 0.05
    assert np.mean(np.array(lows) > LIMIT) <= 0.02


@pytest.mark.parametrize(("training", "held_out"), [(300, 300), (1200, 200)])
def test_a_model_that_draws_about_its_training_images_is_refused(training, held_out):
    """Three quarters of the samples lie about a training image, far nearer than another image."""
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(10):
        known, others, new = np.split(
            rng.normal(size=(training + held_out + 100, 8)), [training, training + held_out]
        )
        about = known[rng.integers(0, training, 300)] + rng.normal(0, 0.1, (300, 8))
        refused += near(np.concatenate([new, about]), known, others)[1][0] > LIMIT
    assert refused >= 9
