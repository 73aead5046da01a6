"""The conditions on samples: limits of a model alone, margins beside another, and their errors."""

import dataclasses

import numpy as np
import pytest

from components.latent_evaluator.blessing import judge
from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.non_inferiority import PASSED, REFUSED, TOO_FEW, Comparison
from components.latent_evaluator.metrics.thresholds import Judged

CONFIG = EvaluationConfig()
GOOD = {
    "kid_samples": 2000.0,
    "kid_reconstructions": 500.0,
    "kid_samples_standard_error": 100.0,
    "density": 0.7,
    "coverage": 0.8,
    "label_fidelity": {"accuracy": 0.97, "accuracy_real": 0.98},
}
ERRORS = {
    "kid_samples": 40.0,
    "kid_reconstructions": 20.0,
    "density": 0.02,
    "coverage": 0.015,
    "label_fidelity": 0.004,
}


def model(title="", errors=1.0, config=CONFIG, posterior=True, **changes):
    """A model with numbers and noise, on 1,000 images and the samples of the config."""
    values = GOOD | changes
    noise = np.random.default_rng(len(title)).standard_normal((len(ERRORS), 200))
    draws = {
        name: _number(values[name]) + errors * error * each
        for (name, error), each in zip(ERRORS.items(), noise, strict=True)
        if values[name] is not None
    }
    metrics = {"count": 1000, "likelihood": {"posterior": posterior}, **values}
    return Judged(metrics=metrics, config=config, draws=draws, title=title)


def _number(value):
    return value["accuracy"] if isinstance(value, dict) else value


def fidelity(accuracy):
    return {"accuracy": accuracy, "accuracy_real": 0.98}


def test_a_good_model_says_what_it_keeps_to():
    verdict = judge(model(), [], [])
    assert verdict.blessed
    assert verdict.reasons == (
        "density of samples 0.700 (at least 0.050)",
        "coverage of real images by samples 0.800 (at least 0.150)",
        "KID of samples 4.0 times that of reconstructions (at most 20.0 times that of "
        "reconstructions)",
        "label fidelity of samples 99.0% of that of real images (at least 50.0% of that of real "
        "images)",
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kid_samples": 1e6}, "KID of samples 2000.0 times that of reconstructions"),
        ({"density": 0.0}, "density of samples 0.000 (at least 0.050)"),
        ({"coverage": 0.02}, "coverage of real images by samples 0.020 (at least 0.150)"),
        ({"label_fidelity": fidelity(0.1)}, "label fidelity of samples 10.2% of that of real"),
    ],
)
def test_a_first_model_whose_samples_are_nonsense_is_refused(change, words):
    verdict = judge(model(**change), [], [])
    assert not verdict.blessed
    (reason,) = verdict.reasons
    assert reason.startswith(words)


def test_reconstructions_that_are_perfect_hold_samples_to_no_impossible_limit():
    """A kernel distance near 0 is noise, and may be below it."""
    for perfect in (0.0, -5.0, 1e-9):
        assert judge(model(kid_reconstructions=perfect, kid_samples=1500.0), [], []).blessed
        assert not judge(model(kid_reconstructions=perfect, kid_samples=3000.0), [], []).blessed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"density": 0.0}, "density of samples 0.000"),
        ({"density": 0.3}, "density of samples 0.300, the champion's 0.700: 57.1% worse"),
        ({"coverage": 0.4}, "coverage of real images by samples 0.400, the champion's 0.800"),
        (
            {"label_fidelity": fidelity(0.6)},
            "label fidelity of samples 60.0%, the champion's 97.0%",
        ),
        ({"kid_samples": 2680.0}, "KID of samples 2680, the champion's 2000: 34.0% worse"),
    ],
)
def test_samples_that_got_worse_are_refused(change, words):
    verdict = judge(model(**change), [model("the champion")], [])
    assert not verdict.blessed
    assert any(reason.startswith(words) for reason in verdict.reasons)
    assert judge(model(), [model("the champion")], []).blessed


def test_a_reference_whose_samples_are_as_good_as_real_images_can_be_replaced():
    """The margin is at least one of what reconstructions score: 30 % of nothing is nothing."""
    perfect = model("the champion", kid_samples=-3.0, errors=0.2)
    assert judge(model(kid_samples=4.0, errors=0.2), [perfect], []).blessed
    assert not judge(model(kid_samples=400.0, errors=0.2), [perfect], []).blessed


def test_few_images_are_told_with_the_numbers_that_would_do():
    verdict = judge(model(errors=8), [model("the champion", errors=8)], [])
    assert not verdict.blessed
    assert {check.outcome for check in verdict.checks if not check.passed} == {TOO_FEW}
    words = next(words for words in verdict.reasons if "coverage" in words)
    assert words.startswith("too few images to compare: coverage of real images by samples 0.800")
    assert "there are 1,000 images and 2,000 samples, and about" in words
    assert judge(model(errors=8), [], []).blessed  # a limit for nonsense needs few images


def test_an_autoencoder_is_not_judged_by_samples_of_no_prior():
    nonsense = {"density": 0.0, "coverage": 0.0, "kid_samples": 1e9}
    verdict = judge(model(posterior=False, **nonsense), [model("x", posterior=False)], [])
    assert verdict.blessed
    assert verdict.notes == (
        "its samples are not judged: an autoencoder has no prior to draw them from",
    )


def test_what_could_not_be_judged_is_told():
    """Label fidelity is another matter: an unconditional model has none to lose."""
    gone = dict.fromkeys(("kid_samples", "density", "coverage", "label_fidelity"))
    verdict = judge(model(**gone), [], [])
    assert verdict.blessed
    assert verdict.notes == ("not judged, as there is no number: density, coverage, KID",)


def test_a_limit_of_null_is_not_held_against_a_model():
    free = EvaluationConfig(
        max_kid_ratio=None, min_density=None, min_coverage=None, min_fidelity=None
    )
    assert judge(model(config=free, density=0.0, coverage=0.0), [], []).reasons == ()


# --- error rates ------------------------------------------------------------------------------


def rates(error, worse, comparisons, margin=1.0, images=2000, repetitions=2000):
    """The shares of each outcome where a model is truly worse by so much."""
    random = np.random.default_rng(5)
    measured = random.normal(worse, error, repetitions)
    noise = error * random.standard_normal((repetitions, 200))
    outcomes = [
        Comparison.of(value, margin, margin - value + each, images).outcome(comparisons)
        for value, each in zip(measured, noise, strict=True)
    ]
    return {name: outcomes.count(name) / repetitions for name in (PASSED, REFUSED, TOO_FEW)}


@pytest.mark.parametrize("error", [0.05, 0.2, 0.5, 2.0])
def test_a_model_worse_by_the_margin_passes_once_in_twenty_times(error):
    """However few images there are: noise alone lets nobody pass."""
    assert 0.035 < rates(error, 1.0, 1)[PASSED] < 0.065
    assert rates(error, 2.0, 1)[PASSED] <= rates(error, 1.0, 1)[PASSED]
    assert rates(0.2, 2.0, 1)[PASSED] == 0


@pytest.mark.parametrize("comparisons", [1, 4, 10])
def test_equal_models_are_refused_once_in_twenty_times_over_all_comparisons(comparisons):
    """With as much noise as is allowed; with more there are too few images."""
    allowed = 1 / (1.645 + [0, 1.645, 2.241, 2.576][{1: 1, 4: 2, 10: 3}[comparisons]])
    random = rates(0.97 * allowed, 0.0, comparisons)
    assert comparisons * random[REFUSED] < 0.065
    assert rates(2 * allowed, 0.0, comparisons)[REFUSED] < 0.01
    assert rates(2 * allowed, 0.0, comparisons)[TOO_FEW] > 0.1


def test_the_number_of_images_that_is_named_does():
    """So many times as many images bring the noise down to what is allowed."""
    few = Comparison(worse=0.0, margin=1.0, error=0.9, images=10_000)
    assert few.outcome(4) == TOO_FEW
    enough = dataclasses.replace(few, error=few.error / few.needed(4) ** 0.5 * 0.999)
    assert enough.outcome(4) in (PASSED, REFUSED)
    assert 1 / enough.error == pytest.approx(1.645 + 2.241, abs=0.01)
