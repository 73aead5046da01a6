"""What two spans do jointly: changes that no single statistic shows, and chance."""

import dataclasses

import numpy as np
import pytest

from components.span_drift.config import DriftConfig
from components.span_drift.distances import SpanStatistics, measures
from components.span_drift.joint import LEAST_IMAGES, NOTHING, joint_shift

NAMES = [f"z{i}" for i in range(64)]


def compared(old, new, allowed=0.3):
    return joint_shift(NAMES[: old.shape[1]], old, new, allowed)


def correlated(random, count, columns, correlation):
    """Standard normal columns, of which the first two are correlated."""
    values = random.normal(size=(count, columns))
    values[:, 1] = correlation * values[:, 0] + np.sqrt(1 - correlation**2) * values[:, 1]
    return values


@pytest.mark.parametrize("seed", range(3))
def test_a_correlation_is_seen_that_no_single_dimension_shows(seed):
    random = np.random.default_rng(seed)
    codes = [correlated(random, 600, 8, strength) for strength in (0, 0.95)]
    spans = [SpanStatistics(600, {}, {}, {"ink": random.random(600)}, each) for each in codes]
    found = {each.name: each for each in measures(*spans, DriftConfig())}
    assert found["latent"].passed and found["ink"].passed
    joint = found["joint distribution"]
    assert not joint.passed and joint.distance > 0.4 > 0.2 > joint.noise
    assert joint.words.startswith("correlation of z0 and z1 ") and joint.words.endswith(
        (" to 0.94", " to 0.95", " to 0.96")
    )


def test_more_correlation_is_further_and_a_little_of_it_is_allowed():
    random = np.random.default_rng(0)
    old = correlated(random, 2000, 2, 0)
    distances = [
        compared(old, correlated(random, 2000, 2, strength)).distance
        for strength in (0, 0.3, 0.5, 0.7, 0.95)
    ]
    assert distances == sorted(distances)
    # The best that any classifier can do: half the integral of the difference of the densities.
    assert distances[2:] == pytest.approx([0.185, 0.301, 0.624], abs=0.06)


def test_chance_is_within_the_noise():
    """40 pairs of small spans of one distribution, whose columns depend on each other."""
    beyond = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        turn = random.normal(size=(3, 3))
        pair = [np.exp(random.normal(size=(count, 3)) @ turn) for count in (60, 90)]
        found = compared(*pair)
        beyond.append(found.distance / found.noise)
    assert np.max(beyond) <= 1 and np.median(beyond) > 0.2


def test_a_ring_is_no_square_and_its_columns_are_named():
    """Neither means, deviations nor correlations differ."""
    random = np.random.default_rng(0)
    angles = random.uniform(0, 2 * np.pi, (2, 1500))
    ring, other = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    square = np.stack([random.permutation(other[:, 0]), random.permutation(other[:, 1])], axis=1)
    noise = random.normal(size=(2, 1500, 3))
    found = compared(*(np.concatenate(e, axis=1) for e in zip((square, ring), noise, strict=True)))
    assert found.distance > 0.4 and found.words == "how z0 and z1 are distributed"


def test_many_small_correlations_add_up():
    random = np.random.default_rng(0)
    old, new = random.normal(size=(2, 2000, 40))
    new = new @ (np.eye(40) + random.normal(size=(40, 40)) * 0.05)
    new /= new.std(axis=0)
    found = compared(old, new)
    assert found.distance > 0.35 and not found.passed


def test_units_and_outliers_do_not_matter():
    random = np.random.default_rng(0)
    old, new = correlated(random, 300, 2, 0), correlated(random, 300, 2, 0.9)
    plain = compared(old, new)
    stretched = compared(np.exp(3 * old) * 1e6, np.exp(3 * new) * 1e6)
    assert stretched.distance == plain.distance
    old[0], new[0] = 1e9, -1e9
    assert compared(old, new).distance == pytest.approx(plain.distance, abs=0.05)


def test_one_column_constant_columns_and_few_images():
    random = np.random.default_rng(0)
    old, new = random.normal(size=(2, 400, 1))
    alike = compared(old, new)
    assert alike.passed and alike.words == NOTHING
    moved = compared(old, new + 1)
    assert moved.distance == pytest.approx(0.38, abs=0.1), "a shift by one deviation"
    assert moved.words.startswith("mean of z0 ")
    constant = np.concatenate([old, np.ones((400, 1))], axis=1)
    assert compared(constant, constant).words == NOTHING
    assert compared(constant[:, 1:], constant[:, 1:]) is None
    woken = np.concatenate([new, random.normal(size=(400, 1))], axis=1)
    assert "z1" in compared(constant, woken).words
    assert compared(old[: LEAST_IMAGES - 1], new) is None
    assert compared(old[:LEAST_IMAGES], new).noise > 0.4
    assert dataclasses.replace(moved, allowed=1).passed
