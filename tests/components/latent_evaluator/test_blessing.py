"""The thresholds, one by one."""

import pytest

from components.latent_evaluator.blessing import NO_BASELINE, SAME_MODEL, judge
from components.latent_evaluator.config import EvaluationConfig
from data_prep.errors import InputError

CONFIG = EvaluationConfig(min_active_units=2, max_unexplained=0.5, max_worsening=0.05)
GOOD = {"elbo": -100.0, "active_units": 4, "latent_dim": 8, "unexplained": 0.2}


def test_a_good_first_model_is_blessed_and_says_why():
    verdict = judge(GOOD, CONFIG)
    assert verdict.blessed
    assert verdict.reasons == (
        "4 of 8 latent dimensions are in use (at least 2)",
        "reconstructions leave 20.0% of a constant mean image's error (at most 50.0%)",
        NO_BASELINE,
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"active_units": 1},
            "posterior collapse: 1 of 8 latent dimensions are in use (at least 2)",
        ),
        (
            {"unexplained": 0.51},
            "reconstructions leave 51.0% of a constant mean image's error (at most 50.0%)",
        ),
        ({"elbo": float("nan")}, "not finite: elbo"),
        ({"elbo": float("-inf"), "unexplained": float("nan")}, "not finite: elbo, unexplained"),
    ],
)
def test_each_absolute_threshold_refuses_alone(change, words):
    verdict = judge(GOOD | change, CONFIG)
    assert not verdict.blessed
    assert verdict.reasons == (words,)


CLASSES = {"cat": {"real": 0.5, "sampled": 0.6}, "dog": {"real": 0.5, "sampled": 0.4}}


def test_dropped_classes_are_named_with_their_shares():
    assert judge(GOOD | {"classes": CLASSES}, CONFIG).blessed
    missing = CLASSES | {
        "cow": {"real": 0.2, "sampled": 0.004},
        "eel": {"real": 0.001, "sampled": 0},
    }
    verdict = judge(GOOD | {"classes": missing}, CONFIG)
    assert verdict.reasons == (
        "dropped classes: cow (0.4% of samples, 20.0% of real images); "
        "each needs at least 10% of its share of real images",
    )


@pytest.mark.parametrize(
    ("difference", "blessed"), [((4.0, 9.0), True), ((5.1, 9.0), False), ((-9.0, -3.0), True)]
)
def test_the_better_end_of_the_interval_decides(difference, blessed):
    """6.5 % worse is only refused where 5 % is beyond doubt."""
    verdict = judge(GOOD | {"elbo": -106.5}, CONFIG, GOOD, difference=difference)
    assert verdict.blessed == blessed
    low, high = difference
    assert any(f"{low:.1f}% to {high:.1f}% with 95%" in reason for reason in verdict.reasons)


def test_worse_samples_are_refused_beyond_both_intervals():
    old = GOOD | {"cfid_samples": 10.0, "cfid_samples_interval": [9.0, 11.0]}
    for low, blessed in ((12.0, True), (12.2, False)):  # 11 and 10 % of it
        new = GOOD | {"cfid_samples": 13.0, "cfid_samples_interval": [low, 14.0]}
        verdict = judge(new, CONFIG, old)
        assert verdict.blessed == blessed
        assert any(
            f"cFID of samples 13 ({low:.4g} to 14) against the blessed model's 10 (9 to 11)"
            in words
            for words in verdict.reasons
        )
    assert judge(GOOD | {"cfid_samples": None}, CONFIG, old).blessed


def test_thresholds_themselves_are_allowed():
    assert judge(GOOD | {"active_units": 2, "unexplained": 0.5}, CONFIG).blessed


@pytest.mark.parametrize(
    ("elbo", "blessed", "words"),
    [
        (-104.9, True, "104.90 nats against the blessed model's 100.00: 4.9% worse"),
        (-105.1, False, "105.10 nats against the blessed model's 100.00: 5.1% worse"),
        (-90.0, True, "90.00 nats against the blessed model's 100.00: 10.0% better"),
    ],
)
def test_the_change_against_the_blessed_model(elbo, blessed, words):
    verdict = judge(GOOD | {"elbo": elbo}, CONFIG, GOOD)
    assert verdict.blessed == blessed
    assert any(words in reason for reason in verdict.reasons)


def test_a_density_may_have_a_negative_loss():
    """The negative ELBO of a Gaussian model may be below zero: worse is still larger."""
    old = GOOD | {"elbo": 1000.0}
    assert judge(GOOD | {"elbo": 1010.0}, CONFIG, old).blessed
    assert judge(GOOD | {"elbo": 960.0}, CONFIG, old).blessed
    assert not judge(GOOD | {"elbo": 940.0}, CONFIG, old).blessed


def test_models_without_an_elbo_are_compared_on_reconstruction():
    old = GOOD | {"elbo": None, "reconstruction_loss": 50.0}
    worse = judge(old | {"reconstruction_loss": 53.0}, CONFIG, old)
    assert not worse.blessed
    assert "no ELBO without a posterior) 53.00 nats against the blessed model's" in worse.reasons[0]
    assert judge(old | {"reconstruction_loss": 52.0}, CONFIG, old).blessed


def test_the_same_model_says_so_and_is_not_compared():
    verdict = judge(GOOD, CONFIG, None, SAME_MODEL)
    assert verdict.blessed
    assert verdict.reasons[-1] == SAME_MODEL


@pytest.mark.parametrize(
    "wrong",
    [
        {"split": "dev"},
        {"max_unexplained": 0.0},
        {"max_unexplained": 1.1},
        {"max_worsening": -0.1},
        {"max_worsening": float("nan")},
        {"min_active_units": -1},
        {"images_per_label": 0},
        {"vectors_split": "test"},
        {"samples": 3},
        {"max_memorised": 1.5},
        {"max_nearer_training": 0.4},
        {"max_train_gap": -0.1},
        {"max_sample_worsening": -1},
        {"orthogonalise": {"Blond_Hair": ("Blond_Hair",)}},
        {"seed": -1},
    ],
)
def test_impossible_thresholds_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        EvaluationConfig(**wrong)


def test_names_and_factors_that_the_data_has_not_are_refused():
    config = EvaluationConfig(orthogonalise={"Hat": ("Male",)}, edits=("cat",))
    config.check_names(("Hat", "Male"), ("cat",))
    with pytest.raises(
        InputError, match=r"evaluation\.orthogonalise\.Hat: got 'Male', allowed: Hat"
    ):
        config.check_names(("Hat",), ("cat",))
    with pytest.raises(InputError, match=r"evaluation\.edits: got 'cat'"):
        config.check_names(("Hat", "Male"), ())
    with pytest.raises(InputError, match="that has no attributes"):
        EvaluationConfig(factors="attributes").check_names((), ("cat",))
