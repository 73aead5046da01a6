import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "experiments"


@pytest.fixture(scope="module")
def toys():
    spec = importlib.util.spec_from_file_location("toy_manifolds", FOLDER / "toy_manifolds.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_ring_map_of_known_points(toys):
    z = np.array([[2.0, 0.0], [0.0, -0.5], [3.0, 4.0]])
    assert toys.ring_map(z) == pytest.approx(np.array([[1.2, 0.0], [0.0, -1.05], [0.9, 1.2]]))


def test_the_ring_has_the_radius_that_it_must_have(toys):
    radius = np.linalg.norm(toys.ring_map(np.random.default_rng(0).normal(size=(20000, 2))), axis=1)
    assert radius.min() > 1
    assert radius.mean() == pytest.approx(1 + np.sqrt(np.pi / 2) / 10, abs=0.002)  # E|Z|


def test_the_data_lie_on_a_sine_and_a_circle(toys):
    points = toys.disjoint_manifold(seed=3)
    sine, circle = points.clean[:1000], points.clean[1000:]
    assert sine[:, 1] == pytest.approx(np.sin(sine[:, 0]), abs=1e-6)
    assert sine[[0, -1], 0] == pytest.approx([-2.2, 2.2])
    assert np.linalg.norm(circle - [1.5, -0.5], axis=1) == pytest.approx(0.5, abs=1e-6)
    assert (points.noisy - points.clean).std() == pytest.approx(0.06, rel=0.05)
    assert points.labels[:, 0].tolist() == [0.0] * 1000 + [1.0] * 1000
    # the parts are much farther apart than what counts as off the manifold
    gap = np.linalg.norm(sine[:, None] - circle[None], axis=2).min()
    assert gap > 4 * toys.OFF


def test_a_curve_counts_by_its_length_off_the_data(toys):
    clean = np.stack([np.linspace(0, 1, 101), np.zeros(101)], axis=1)
    along = np.stack([np.linspace(0, 1, 51), np.full(51, 0.1)], axis=1)  # within 0.18
    away = np.stack([np.linspace(0, 3, 11), np.full(11, 5.0)], axis=1)
    assert toys.length_off_manifold([along], clean) == 0
    assert toys.length_off_manifold([away], clean) == 1
    assert toys.length_off_manifold([along, away], clean) == pytest.approx(3 / 4)


def test_the_networks_have_the_published_sizes(toys):
    plain, *_ = toys.build(conditional=False)
    told, *_ = toys.build(conditional=True)
    # 2-64-64-1 and 1-64-64-2, each dense layer with its biases
    assert plain.count_params() == (192 + 4160 + 65) + (128 + 4160 + 130)
    assert told.count_params() == plain.count_params() + 2 * 64  # one more input to each


@pytest.mark.slow
def test_a_plain_autoencoder_leaves_the_data_and_a_conditional_one_hardly(toys):
    points = toys.disjoint_manifold(seed=1)
    plain, told = (
        toys.train(points, conditional=conditional, seed=1, epochs=30)
        for conditional in (False, True)
    )
    assert len(plain.curves) == 1 and len(told.curves) == 2
    assert plain.off_curve > 3 * told.off_curve
    assert plain.off_reconstructed > 2 * told.off_reconstructed
    assert plain.mse > told.mse


def test_the_documented_figures_are_those_of_the_run():
    text = (FOLDER / "README.md").read_text()
    measured = json.loads((FOLDER / "toy_manifolds.json").read_text())
    rows = [line.split("|")[2:5] for line in text.splitlines() if "seeds 0, 1, 2" in line]
    for cells, runs in zip(rows, measured.values(), strict=True):
        curve, reconstructed, mse = (re.findall(r"[\d.]+", cell) for cell in cells)
        assert curve == [_percent(run["off_curve"]) for run in runs]
        assert reconstructed == [_percent(run["off_reconstructed"]) for run in runs]
        assert mse == [f"{run['mse']:.4f}" for run in runs]
    averages = [np.mean([run["off_curve"] for run in runs]) for runs in measured.values()]
    assert averages[0] > 5 * averages[1]
    for average in averages:
        assert f"{100 * average:.1f} %" in text


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
