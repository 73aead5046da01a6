"""The simulation of the verdict's error rates, in small."""

import numpy as np

from benchmarks.error_rates import GRID, NAMES, SPREAD, rates, table, worse_models
from components.latent_evaluator.config import EvaluationConfig

CONFIG = EvaluationConfig(samples=60, resamples=20)


def test_a_worse_model_is_worse_by_the_margin():
    true = {"kid_samples": GRID**4, "density": 2 - GRID / 2, "coverage": 1.5 - GRID / 2}
    one, two = (worse_models(true, CONFIG, margins) for margins in (1, 2))
    assert one["gain"].gain == 142.5 and two["gain"].gain == 135
    assert one["label_fidelity"].fidelity == 0.85
    for name in ("kid_samples", "density", "coverage"):
        now, then = (
            float(np.interp(spread, GRID, true[name])) for spread in (SPREAD, one[name].spread)
        )
        allowed = {"kid_samples": 0.3 * now, "density": -0.3 * now, "coverage": -0.1}[name]
        assert abs(then - now - allowed) < 0.03 * abs(now)
        assert two[name].spread > one[name].spread > SPREAD


def test_every_comparison_has_its_rates():
    found = rates(40, CONFIG, 2, searched=1)
    assert set(found) == {*NAMES, "all"}
    for name in NAMES:
        assert set(found[name]) == {"refused", "too few", "one", "two"}
        assert all(0 <= share <= 1 for share in found[name].values())
    lines = list(table({40: found}))
    assert len(lines) == 2 + len(NAMES) + 1
    assert lines[2].startswith("| gain over the mean image | 40 | ")
