"""The course chapter's running table, by hand and on codes whose true vector is known."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from running_table import as_text, running_table


def test_the_running_table_by_hand():
    batches = [
        (np.array([[3.0, 0], [0, 0]]), np.array([True, False])),
        (np.array([[1.0, 0], [0, 2]]), np.array([True, False])),
        (np.array([[2.0, 0.06]]), np.array([True])),
        (np.array([[99.0, 0]]), np.array([True])),
    ]
    steps, vector = running_table(batches)
    assert [step.images for step in steps] == [1, 2, 3]  # the third moves less than 0.08
    assert steps[0] == pytest.approx((1, 3, 0, 3, 3))
    # means (2, 0) and (0, 1): moved by 1 each
    assert steps[1] == pytest.approx((2, 1, 1, np.sqrt(5), np.sqrt(5) - 3))
    assert steps[2].positive_move == pytest.approx(0.02) and steps[2].negative_move == 0
    assert np.linalg.norm(vector) == pytest.approx(1)
    text = as_text("Smiling", steps)
    assert text.splitlines()[0] == "label: Smiling"
    assert text.splitlines()[3] == "2\t1.0\t1.0\t2.236\t-0.764"
    with pytest.raises(ValueError, match="no images"):
        running_table([])


def test_the_running_table_stops_with_too_long_a_vector():
    """The bias of features 1.H: at the stop the distance is above the true length."""
    rng = np.random.default_rng(4)
    true = np.zeros(200)
    true[0] = 1.35

    def batches():
        while True:
            positive = rng.random(128) < 0.15
            yield rng.normal(size=(128, 200)) + positive[:, None] * true, positive

    steps, _ = running_table(batches())
    assert 700 < steps[-1].images < 1500
    assert 1.40 < steps[-1].distance < 1.52
