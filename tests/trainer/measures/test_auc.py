"""AUC and its interval: pairs counted by hand, and how often the interval holds the truth."""

import numpy as np
import pytest
from scipy import stats

from trainer.measures.auc import areas_with_intervals, auc


@pytest.mark.parametrize(
    ("scores", "positive", "expected"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([4, 3, 2, 1], [0, 0, 1, 1], 0.0),
        ([1, 3, 2, 4], [0, 0, 1, 1], 0.75),  # one of four pairs is the wrong way round
        ([5, 5, 5, 5], [0, 1, 0, 1], 0.5),
        ([1, 2, 2, 3], [0, 0, 1, 1], 0.875),  # a tie counts half
    ],
)
def test_auc_counts_pairs(scores, positive, expected):
    assert auc(np.array(scores, float), np.array(positive, bool)) == expected


def test_auc_of_one_class_or_of_nan_is_not_a_number():
    assert np.isnan(auc(np.array([1.0, 2.0]), np.array([True, True])))
    assert np.isnan(auc(np.array([1.0, np.nan]), np.array([True, False])))


def test_a_column_is_scored_as_if_it_were_alone():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 9, (60, 5)).astype(float)
    positive = rng.random((60, 5)) < [0.1, 0.3, 0.5, 0.9, 0.0]
    found = areas_with_intervals(scores, positive)
    for i in range(4):
        assert found.area[i] == auc(scores[:, i], positive[:, i])
        alone = areas_with_intervals(scores[:, i : i + 1], positive[:, i : i + 1])
        assert (alone.low[0], alone.high[0]) == (found.low[i], found.high[i])
    assert np.isnan([found.area[4], found.low[4], found.high[4]]).all()
    none = areas_with_intervals(scores[:0], positive[:0])
    assert np.isnan(none.area).all() and np.isnan(none.low).all()


def test_many_images_give_the_interval_of_delong():
    """With classes of one spread and an area in the middle all intervals agree."""
    rng = np.random.default_rng(1)
    above, below = rng.normal(0.8, 1, 2000), rng.normal(0, 1, 3000)
    wins = (above[:, None] > below).astype(float)
    error = np.sqrt(wins.mean(1).var(ddof=1) / 2000 + wins.mean(0).var(ddof=1) / 3000)
    positive = (np.arange(5000) < 2000)[:, None]
    found = areas_with_intervals(np.concatenate([above, below])[:, None], positive)
    assert found.area[0] == pytest.approx(wins.mean())
    assert found.low[0] == pytest.approx(wins.mean() - 1.96 * error, abs=5e-4)
    assert found.high[0] == pytest.approx(wins.mean() + 1.96 * error, abs=5e-4)


def test_an_interval_has_a_width_even_where_nothing_overlaps():
    scores = np.arange(100.0)[:, None]
    for positives in (1, 5, 50, 95, 99):
        found = areas_with_intervals(scores, scores >= 100 - positives)
        assert found.area[0] == 1 == pytest.approx(found.high[0])
        assert found.low[0] < 0.99
        turned = areas_with_intervals(-scores, scores >= 100 - positives)
        assert turned.high[0] == pytest.approx(1 - found.low[0])


@pytest.mark.parametrize("deviation", [1.0, 2.0])
@pytest.mark.parametrize("positives", [5, 6, 10, 40, 150])
def test_the_interval_holds_the_true_area_as_often_as_it_says(positives, deviation):
    """Normal scores of 200 negatives; 600 repetitions, whose own error is 0.9 %.

    Where positives spread twice as wide the formula's assumption is wrong.
    """
    rng = np.random.default_rng(positives)
    repetitions, positive = 600, np.arange(200 + positives) < positives
    for truth in (0.6, 0.8, 0.95, 0.99):
        distance = stats.norm.ppf(truth) * np.hypot(1, deviation)
        scores = rng.normal(size=(len(positive), repetitions))
        scores[:positives] = distance + deviation * scores[:positives]
        found = areas_with_intervals(scores, np.repeat(positive[:, None], repetitions, axis=1))
        held = np.mean((found.low <= truth) & (truth <= found.high))
        assert held >= (0.93 if deviation == 1 else 0.88)
