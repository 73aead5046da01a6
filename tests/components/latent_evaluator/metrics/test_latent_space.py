"""The distance of codes from N(0, 1), beside scipy's."""

import numpy as np
import pytest
from scipy import stats

from components.latent_evaluator.metrics.latent_space import EDGES, ks_statistic, latent_normality


def test_ks_is_scipys():
    z = np.random.default_rng(0).normal(0.3, 1.4, (200, 3))
    expected = [stats.kstest(column, "norm").statistic for column in z.T]
    assert ks_statistic(z) == pytest.approx(expected)
    assert ks_statistic(np.zeros((5, 1))) == pytest.approx([0.5])  # a collapsed dimension


def test_histograms_count_every_code_once():
    z = np.array([[0.05, -9.0], [0.05, 9.0], [-0.05, 0.0]], np.float32)
    found = latent_normality(z)
    assert found["histogram"]["edges"] == EDGES.tolist()
    first, second = np.array(found["histogram"]["counts"])
    assert first[20] == 2 and first[19] == 1 and first.sum() == 3
    assert second[0] == 1 and second[-1] == 1 and second.sum() == 3
    assert found["mean"] == pytest.approx([0.05 / 3, 0])
    assert found["std"][1] == pytest.approx(np.sqrt(54))
