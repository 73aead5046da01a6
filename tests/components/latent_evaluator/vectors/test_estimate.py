"""Moments, directions, the kept sample and the chapter's running table."""

import pickle

import numpy as np
import pytest
from scipy.stats import norm

from components.latent_evaluator.passes.moments import Moments
from components.latent_evaluator.passes.score_accumulator import BottomKSample
from components.latent_evaluator.vectors.estimate import (
    corrected_norm,
    cosines,
    estimate_vectors,
    mean_differences,
    midpoint_accuracy,
    without_directions,
)
from trainer.measures.auc import auc


def parts(count=600, groups=5, size=7, offset=1e6):
    rng = np.random.default_rng(0)
    points = rng.normal(offset, 1, (count, size))
    return points, rng.random((count, groups)) < 0.3


def test_moments_are_numpys_however_they_are_cut_and_merged():
    points, member = parts()
    rng = np.random.default_rng(1)
    for cuts in ([300], [1, 2, 3, 599], sorted(rng.choice(600, 40, replace=False))):
        pieces = [
            Moments.of(p, m)
            for p, m in zip(np.split(points, cuts), np.split(member, cuts), strict=True)
        ]
        rng.shuffle(pieces)
        merged = pieces[0]
        for piece in pieces[1:]:
            merged = merged.merge(piece)
        for group in range(5):
            chosen = points[member[:, group]]
            assert merged.count[group] == len(chosen)
            np.testing.assert_allclose(merged.mean[group], chosen.mean(axis=0), rtol=1e-12)
            # the mean is a million deviations away: naive sums of squares would be all noise
            np.testing.assert_allclose(merged.variance[group], chosen.var(axis=0, ddof=1), 1e-6)


def test_an_empty_group_has_no_moments():
    found = Moments.of(np.ones((3, 2)), np.array([[True, False]] * 3))
    merged = found.merge(Moments.of(np.zeros((0, 2)), np.zeros((0, 2), bool)))
    assert merged.count.tolist() == [3, 0]
    assert merged.mean[0].tolist() == [1, 1] and np.isnan(merged.variance[1]).all()


def test_vectors_and_their_standard_error_are_plain_numpys():
    rng = np.random.default_rng(2)
    z, has = rng.normal([0, 5, 0, 0], size=(500, 4)), rng.random((500, 3)) < [0.1, 0.5, 0.0]
    vectors, error = mean_differences(Moments.of(z, has), Moments.of(z, ~has))
    for index in (0, 1):
        yes, no = z[has[:, index]], z[~has[:, index]]
        np.testing.assert_allclose(vectors[index], yes.mean(0) - no.mean(0), atol=1e-12)
        expected = np.sqrt(yes.var(0, ddof=1) / len(yes) + no.var(0, ddof=1) / len(no))
        np.testing.assert_allclose(error[index], expected)
    assert np.isnan(vectors[2]).all() and np.isnan(error[2]).all()


def test_the_corrected_norm_has_no_bias():
    """40 positives in 200 dimensions: the plain norm is twice too long, the other is right."""
    rng = np.random.default_rng(3)
    true = np.zeros(200)
    true[0] = 1.345
    plain, corrected = [], []
    for _ in range(200):
        z = rng.normal(size=(240, 200))
        has = np.arange(240)[:, None] < 40
        z[:40] += true
        vectors, error = mean_differences(Moments.of(z, has), Moments.of(z, ~has))
        plain.append(np.sum(vectors**2))
        corrected.append(corrected_norm(vectors, error)[0] ** 2)
    assert np.sqrt(np.mean(plain)) == pytest.approx(
        np.sqrt(1.345**2 + 200 * (1 / 40 + 1 / 200)), 0.02
    )
    assert np.sqrt(np.mean(corrected)) == pytest.approx(1.345, rel=0.02)


def test_cosines_and_what_is_left_without_other_directions():
    vectors = np.array([[1.0, 0, 0], [1, 1, 0], [np.nan] * 3])
    assert cosines(vectors)[0, 1] == pytest.approx(np.sqrt(0.5))
    assert np.isnan(cosines(vectors)[2]).all()
    left = without_directions(np.array([3.0, 4, 5]), [vectors[0], vectors[1]])
    assert left == pytest.approx([0, 0, 5])
    same_twice = without_directions(np.array([3.0, 4, 5]), [vectors[0], 2 * vectors[0]])
    assert same_twice == pytest.approx([0, 4, 5])


def test_accuracy_is_the_share_on_the_right_side_of_the_middle():
    points = np.array([[0.0, 9], [1, -9], [3, 0], [4, 0]])
    positive = np.array([False, True, True, True])
    vectors, middles = np.array([[2.0, 0], [0, 0]]), np.array([[2.0, 0], [2, 0]])
    found = midpoint_accuracy(points, np.stack([positive] * 2, 1), vectors, middles)
    assert found[0] == 0.75 and np.isnan(found[1])
    nowhere = midpoint_accuracy(points[:0], np.zeros((0, 2), bool), vectors, middles)
    assert np.isnan(nowhere).all()


def test_vectors_are_scored_on_the_other_split_all_at_once():
    """A common attribute along the first axis, a rare one that lies apart, one without images."""
    rng = np.random.default_rng(0)
    has = np.stack([rng.random(600) < 0.5, np.arange(600) < 6, np.zeros(600, bool)], axis=1)
    z = rng.normal(size=(600, 3)) + 2 * has[:, :1] * [1, 0, 0] + 9 * has[:, 1:2] * [0, 1, 0]
    found = estimate_vectors(
        Moments.of(z, np.concatenate([has, ~has], axis=1)),
        z,
        has,
        attributes=("Smiling", "Bald"),
        labels=("nobody",),
        orthogonalise={"Bald": ["Smiling"]},
        provenance={"split": "train", "held_out": "test", "model": "m", "data": "d"},
    )
    assert found.auc[0] == pytest.approx(auc(z @ found.vectors[0], has[:, 0]))
    assert found.auc_low[0] < found.auc[0] < found.auc_high[0]
    assert found.auc_high[0] - found.auc_low[0] < 0.06
    assert found.accuracy[0] == pytest.approx(norm.cdf(1), abs=0.05)
    assert found.auc[1] > 0.999 and found.auc_low[1] < 0.9, "six images prove little"
    assert np.isnan([found.auc[2], found.auc_low[2], found.auc_high[2], found.accuracy[2]]).all()


def test_the_same_images_are_kept_in_any_order_and_through_pickle():
    keys = [str(i).encode() for i in range(100)]
    whole, first, second = BottomKSample(10), BottomKSample(10), BottomKSample(10)
    whole.add(keys, {"value": np.arange(100)})
    for start in range(0, 50, 7):
        end = min(start + 7, 50)
        first.add(keys[start:end], {"value": np.arange(start, end)})
    second.add(keys[50:][::-1], {"value": np.arange(50, 100)[::-1]})
    merged = BottomKSample(10)
    merged.merge(pickle.loads(pickle.dumps(second)))
    merged.merge(first)
    expected, found = whole.columns(), merged.columns()
    assert len(expected["value"]) == 10
    assert found["value"].tolist() == expected["value"].tolist()
    assert found["key"].tolist() == [str(v).encode() for v in found["value"]]
    assert BottomKSample(3).columns() == {}
