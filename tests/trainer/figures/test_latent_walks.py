import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from trainer.figures import latent_walks


def test_quantiles_are_those_of_the_sources():
    assert latent_walks.normal_quantiles() == pytest.approx(
        norm.ppf(np.linspace(0.05, 0.95, 15)), abs=1e-6
    )
    assert latent_walks.normal_quantiles()[[0, 7, -1]] == pytest.approx([-1.644854, 0, 1.644854])


def test_the_manifold_varies_two_dimensions_right_and_down():
    codes = latent_walks.manifold(4, side=3)
    outer = 1.644854
    assert codes.shape == (9, 4) and codes.dtype == np.float32
    assert codes[:, 0] == pytest.approx([-outer, 0, outer] * 3, abs=1e-6)
    assert codes[:, 1] == pytest.approx(np.repeat([-outer, 0, outer], 3), abs=1e-6)
    assert not codes[:, 2:].any()
    assert latent_walks.manifold(2).shape == (225, 2)
    assert latent_walks.manifold(1, side=3).tolist() == [
        [codes[0, 0]],
        [codes[1, 0]],
        [codes[2, 0]],
    ]


def test_codes_depend_on_the_seed_and_not_on_their_number():
    codes = latent_walks.draw_codes(1000, 2, seed=5)
    assert np.array_equal(codes[:7], latent_walks.draw_codes(7, 2, seed=5))
    assert not np.array_equal(codes[:7], latent_walks.draw_codes(7, 2, seed=6))
    assert codes.mean() == pytest.approx(0, abs=0.1) and codes.std() == pytest.approx(1, abs=0.1)


floats = st.floats(-100, 100, width=32)


@given(st.lists(st.tuples(floats, floats), min_size=1, max_size=5), st.integers(2, 20))
def test_interpolation_starts_and_ends_exactly(pairs, count):
    start, end = np.array(pairs, np.float32).T
    walk = latent_walks.interpolate(start, end, count)
    assert walk.shape == (count, len(pairs))
    assert np.array_equal(walk[0], start) and np.array_equal(walk[-1], end)


def test_interpolation_takes_equal_steps():
    walk = latent_walks.interpolate(np.array([0.0, 10.0]), np.array([4.0, 10.0]), 5)
    assert walk.tolist() == [[0, 10], [1, 10], [2, 10], [3, 10], [4, 10]]


def test_kl_by_dimension_of_known_posteriors():
    mean = np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 0.0]])
    log_var = np.array([[0.0, 0.0, np.log(4)], [0.0, 0.0, 0.0]])
    # 0; 1/2 mean^2; (1/2 (4 + 4 - 1 - ln 4) + 0) / 2
    expected = [0, 0.5, (3.5 - np.log(2)) / 2]
    assert latent_walks.kl_by_dimension(mean, log_var) == pytest.approx(expected)


def test_dimensions_are_ordered_by_falling_size_and_equals_stay():
    assert latent_walks.argsort_descending(np.array([0.5, 2.0, 0.0, 2.0, 1.0])) == [1, 3, 4, 0, 2]


def test_a_traversal_changes_one_dimension_in_each_row():
    values = np.array([[-3.0, 3.0], [7.0, 8.0]])
    rows = latent_walks.traverse(np.array([1.0, 2.0, 4.0]), [2, 0], values)
    assert rows.tolist() == [[1, 2, -3], [1, 2, 3], [7, 2, 4], [8, 2, 4]]


def test_a_cross_reads_code_by_code():
    codes, conditions = latent_walks.outer_product(np.array([[1.0], [2.0]]), np.eye(3))
    assert codes[:, 0].tolist() == [1, 1, 1, 2, 2, 2]
    assert conditions.argmax(axis=1).tolist() == [0, 1, 2, 0, 1, 2]


def test_a_mix_puts_weights_at_names():
    known = ("0", "3", "8")
    assert latent_walks.mix(["8", "3"], [0.25, 0.75], known).tolist() == [0, 0.75, 0.25]
    assert latent_walks.mix(["3", "3"], [0.5, 0.5], known).tolist() == [0, 1, 0]


def test_corners_blend_bilinearly():
    blend = latent_walks.blend_corners(np.eye(4), 3).reshape(3, 3, 4)
    assert [blend[0, 0], blend[0, 2], blend[2, 0], blend[2, 2]] == pytest.approx(np.eye(4))
    assert blend[0, 1].tolist() == [0.5, 0.5, 0, 0]
    assert blend[1, 0].tolist() == [0.5, 0, 0.5, 0]
    assert blend[1, 1].tolist() == [0.25] * 4
    assert blend.sum(axis=-1) == pytest.approx(1)


def test_labels_take_turns():
    assert latent_walks.round_robin(list("bbaabc"), 4) == [2, 0, 5, 3]  # a b c, then a again
    assert latent_walks.round_robin(["", "", ""], 2) == [0, 1]
    assert latent_walks.round_robin(["a"], 5) == [0]
