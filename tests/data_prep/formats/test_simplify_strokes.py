"""Google's simplification, step by step, by known answers."""

import numpy as np

from data_prep.formats.simplify_strokes import ramer_douglas_peucker, resample, simplify_stroke


def test_resampling_keeps_the_spacing_round_a_corner():
    x, y = resample(np.array([0.0, 2.5, 2.5]), np.array([0.0, 0.0, 2.0]), 1.0)
    np.testing.assert_allclose(x, [0, 1, 2, 2.5, 2.5, 2.5])
    np.testing.assert_allclose(y, [0, 0, 0, 0.5, 1.5, 2.0])


def test_a_dot_becomes_two_equal_points():
    x, y = simplify_stroke(np.array([50.0]), np.array([60.0]), 40.0, 40.0, 2.0)
    assert (x.tolist(), y.tolist()) == ([20, 20], [40, 40])


def test_points_within_epsilon_of_the_chord_go():
    x = np.arange(6.0)
    y = np.array([0, 0, 1.9, 0, 0, 0])
    assert ramer_douglas_peucker(x, y, 2.0).tolist() == [True, False, False, False, False, True]
    y[2] = 2.1
    assert ramer_douglas_peucker(x, y, 2.0).tolist() == [True, False, True, False, False, True]


def test_a_closed_stroke_keeps_its_far_side():
    x, y = np.array([0.0, 10, 10, 0, 0]), np.array([0.0, 0, 10, 10, 0])
    assert ramer_douglas_peucker(x, y, 2.0).all()


def test_a_straight_line_is_its_ends_scaled_to_255():
    x, y = simplify_stroke(np.linspace(3, 13, 50), np.full(50, 8.0), 3.0, 8.0, 25.5)
    assert (x.tolist(), y.tolist()) == ([0, 255], [0, 0])
