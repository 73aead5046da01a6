"""Metrics of samples: values, intervals, and draws that pair two models of a run."""

from types import SimpleNamespace

import numpy as np
import pytest

from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.bootstrap import resample_counts
from components.latent_evaluator.metrics.catalogue import METRICS
from components.latent_evaluator.metrics.context import ImageFeatures
from trainer.measures.feature_network import Features

IN_FEATURES = ("cfid_samples", "kid_samples", "precision", "recall", "density", "coverage")
OF_RECONSTRUCTIONS = ("cfid_reconstructions", "kid_reconstructions")
RESAMPLES = 30


def model(scale, images=60, samples=50, real=0):
    """A model whose samples and reconstructions spread `scale` times as wide as the real images."""
    points = np.random.default_rng(real).normal(size=(images, 6)).astype(np.float32)
    drawn = np.random.default_rng(9).normal(size=(samples, 6)).astype(np.float32) * scale
    sets = (points, drawn, points * np.float32(scale))
    found = SimpleNamespace(
        config=EvaluationConfig(resamples=RESAMPLES),
        features=ImageFeatures(*(Features(values, values, "net") for values in sets)),
        images=points,
        samples=drawn,
        counts=resample_counts(images, RESAMPLES, 0),
        sample_counts=resample_counts(samples, RESAMPLES, 1),
        extractor=object(),
        draws={},
    )
    found.once = lambda compute: compute(found)
    return found


def measured(found, keys=IN_FEATURES + OF_RECONSTRUCTIONS):
    values = {}
    for key in keys:
        values |= METRICS[key].measure(found)
    return values


def test_every_number_has_an_interval_and_a_draw_for_each_resample():
    found = model(0.8)
    values = measured(found)
    for key in IN_FEATURES + OF_RECONSTRUCTIONS:
        low, high = values[f"{key}_interval"]
        assert low <= values[key] <= high and low < high, key
        assert found.draws[key].shape == (RESAMPLES,) and np.isfinite(found.draws[key]).all()
        # The end of an interval comes from the draws; they spread about the number.
        spread = found.draws[key].std()
        assert abs(found.draws[key].mean() - values[key]) < spread, key
        assert 1 < (high - low) / spread < 6, key


def test_draws_of_two_models_move_together():
    one, other = model(0.8), model(0.75)
    measured(one), measured(other)
    for key in IN_FEATURES + OF_RECONSTRUCTIONS:
        assert np.corrcoef(one.draws[key], other.draws[key])[0, 1] > 0.5, key
        assert (one.draws[key] - other.draws[key]).std() < one.draws[key].std(), key


def test_a_worse_model_is_further_away_by_more_than_its_error():
    near, far = model(1.0, 200, 150), model(0.3, 200, 150)
    better, worse = measured(near), measured(far)
    for key in ("cfid_samples", "kid_samples", *OF_RECONSTRUCTIONS):
        assert better[key] < worse[key], key
        assert np.percentile(far.draws[key] - near.draws[key], 2.5) > 0, key
    errors = METRICS["kid_samples_standard_error"].measure(far)
    assert 0 < errors["kid_samples_standard_error"] < worse["kid_samples"] / 4
    assert better["recall"] > worse["recall"] and worse["density"] > 1


def test_too_few_images_give_no_number():
    values = measured(model(0.8, images=11), IN_FEATURES)
    assert [key for key in IN_FEATURES if values[key] is None] == list(IN_FEATURES[2:])
    few = measured(model(0.8, images=2, samples=20), ("cfid_samples", "kid_samples"))
    assert few["kid_samples"] is None and few["cfid_samples"] == pytest.approx(few["cfid_samples"])
