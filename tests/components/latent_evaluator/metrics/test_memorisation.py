"""Copies of training images: thumbnails, nearest neighbours and the ratio of distances."""

import numpy as np
import pytest

from components.latent_evaluator.metrics.memorisation import copies, nearest_two, thumbnails


def test_thumbnails_are_averages():
    image = np.zeros((1, 32, 64, 1), np.uint8)
    image[0, ::2, :, 0] = 255
    found = thumbnails(image)
    assert found.shape == (1, 256)
    assert found == pytest.approx(0.5, abs=0.01)
    small = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3)
    assert thumbnails(small) == pytest.approx(small.reshape(1, -1) / 255)  # not blown up


def test_the_two_nearest_in_any_batches():
    rng = np.random.default_rng(0)
    points, others = rng.random((7, 5)), rng.random((40, 5))
    gaps = np.sqrt(((points[:, None] - others[None]) ** 2).mean(axis=2))
    expected = np.sort(gaps, axis=1)[:, :2]
    for batches in ([others], [others[:1], others[1:9], others[9:]]):
        found = nearest_two(points, batches)
        assert found.count == 40
        assert found.distances == pytest.approx(expected, rel=1e-3)


def test_copies_are_found_and_relatives_are_not():
    rng = np.random.default_rng(1)
    train = rng.random((50, 200))
    nearly = train[:20] + rng.normal(0, 0.005, (20, 200))
    mixed = (train[:20] + train[20:40]) / 2  # as near to one as to another
    assert copies(nearest_two(nearly, [train]).distances).all()
    assert not copies(nearest_two(mixed, [train]).distances).any()
    assert not copies(nearest_two(rng.random((20, 200)), [train]).distances).any()
