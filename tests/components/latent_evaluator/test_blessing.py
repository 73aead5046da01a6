"""The conditions of a blessing, one by one."""

import numpy as np
import pytest

from components.latent_evaluator.blessing import NO_BASELINE, SAME_MODEL, is_better, judge
from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.bootstrap import resample_counts, resampled_means
from components.latent_evaluator.metrics.thresholds import Judged
from data_prep.errors import InputError

CONFIG = EvaluationConfig(min_active_units=2, max_unexplained=0.5, max_gain_lost=0.05)
GOOD = {"active_units": 4, "latent_dim": 8, "unexplained": 0.2}


def model(metrics=(), title="", config=CONFIG, **draws):
    return Judged(metrics=GOOD | dict(metrics), config=config, draws=draws, title=title)


def test_a_good_first_model_is_blessed_and_says_why():
    verdict = judge(model())
    assert verdict.blessed
    assert verdict.reasons == (
        "4 of 8 latent dimensions are in use (at least 2)",
        "reconstructions leave 20.0% of a constant mean image's error (at most 50.0%)",
        NO_BASELINE,
    )
    assert [check[2:5] for check in verdict.checks] == [
        ("latent dimensions in use", "4", "at least 2"),
        ("error left in reconstructions", "20.0%", "at most 50.0%"),
        ("", "", ""),
    ]


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
def test_each_condition_on_a_model_alone_refuses_alone(change, words):
    verdict = judge(model(change))
    assert not verdict.blessed
    assert verdict.reasons == (words,)


CLASSES = {"cat": {"real": 0.5, "sampled": 0.6}, "dog": {"real": 0.5, "sampled": 0.4}}


def test_dropped_classes_are_named_with_their_shares():
    assert judge(model({"classes": CLASSES})).blessed
    missing = CLASSES | {
        "cow": {"real": 0.2, "sampled": 0.004},
        "eel": {"real": 0.001, "sampled": 0},
    }
    verdict = judge(model({"classes": missing}))
    assert verdict.reasons == (
        "dropped classes: cow (0.4% of samples, 20.0% of real images); "
        "each needs at least 10% of its share of real images",
    )


# --- what an image costs, beside another model -----------------------------------------------

SIZE = 6144  # values of an image of 64 x 32 x 3


def gaussian(mse, kl, sigma=1.0, learned=False, scale=1.0, seed=0, images=500, mean_mse=0.05):
    """A model whose images' squared errors average `mse` a value, of pixels in [0, scale]."""
    random = np.random.default_rng([seed, 1])
    spread = np.random.default_rng(0).gamma(9, 1 / 9, images)  # of the images, the same for all
    errors = mse * SIZE * spread * (1 + 0.02 * random.standard_normal(images)) * scale**2
    mean_errors = mean_mse * SIZE * spread * scale**2
    best, best_mean = (
        (e.mean() / SIZE if learned else (sigma * scale) ** 2) for e in (errors, mean_errors)
    )

    def costs(errors, variance):
        return 0.5 * (errors / variance + SIZE * np.log(2 * np.pi * variance))

    gains = costs(mean_errors, best_mean) - costs(errors, best) - kl
    counts = resample_counts(images, 200, 0)
    return model(
        {
            "count": images,
            "likelihood": {
                "kind": "gaussian_learned" if learned else "gaussian",
                "sigma": None if learned else sigma * scale,
                "posterior": True,
            },
            "gain": gains.mean(),
            "mse": errors.mean() / SIZE,
            "mean_image": {"mse": mean_errors.mean() / SIZE},
        },
        title="the last blessed model",
        gain=resampled_means(gains, counts),
        mse=resampled_means(errors, counts) / SIZE,
    )


def mse_of(psnr):
    return 10 ** (-psnr / 10)


def test_a_large_constant_of_the_density_hides_no_loss():
    """At sigma 1 the density's constant of 11,292 nats is what a loss of 100 was measured by."""
    old, new = gaussian(mse_of(20.1), 17), gaussian(mse_of(13.2), 0.5)
    verdict = judge(new, [old], [])
    assert not verdict.blessed
    (words,) = verdict.reasons
    assert "gain over the mean image 5." in words and "with 95% confidence at most 9" in words
    assert judge(old, [gaussian(mse_of(20.1), 17, seed=1)], []).blessed


def test_a_cost_near_zero_hides_no_equal_model():
    """At sigma .383 the negative ELBO itself may be near 0, and any change was large beside it."""
    old, new = gaussian(0.0147, 25, 0.383), gaussian(0.0147 * 1.001, 25, 0.383)
    verdict = judge(new, [old], [])
    assert verdict.blessed and "0.0% worse" in verdict.reasons[-1]
    assert not judge(gaussian(0.0147 * 1.2, 25, 0.383), [old], []).blessed


@pytest.mark.parametrize("scale", [1 / 255, 1, 255, 1000])
@pytest.mark.parametrize(
    ("old", "new", "blessed"),
    [
        ({"mse": 0.010, "kl": 20}, {"mse": 0.011, "kl": 20}, True),
        ({"mse": 0.010, "kl": 20}, {"mse": 0.014, "kl": 20}, False),
        ({"mse": 0.010, "kl": 20, "sigma": 0.1}, {"mse": 0.0102, "kl": 21, "sigma": 0.1}, True),
        ({"mse": 0.010, "kl": 20, "sigma": 0.1}, {"mse": 0.0130, "kl": 20, "sigma": 0.1}, False),
        (
            {"mse": 0.010, "kl": 20, "learned": True},
            {"mse": 0.0102, "kl": 25, "learned": True},
            True,
        ),
        (
            {"mse": 0.010, "kl": 20, "learned": True},
            {"mse": 0.0120, "kl": 25, "learned": True},
            False,
        ),
        ({"mse": 0.010, "kl": 20, "sigma": 1}, {"mse": 0.0102, "kl": 60, "sigma": 0.1}, True),
        ({"mse": 0.010, "kl": 20, "sigma": 1}, {"mse": 0.0160, "kl": 60, "sigma": 0.1}, False),
        ({"mse": 0.010, "kl": 20, "sigma": 0.1}, {"mse": 0.0102, "kl": 20, "sigma": 1}, True),
        ({"mse": 0.010, "kl": 20, "sigma": 0.1}, {"mse": 0.0160, "kl": 20, "sigma": 1}, False),
    ],
)
def test_the_unit_of_pixels_changes_no_verdict(old, new, blessed, scale):
    """Pixels from 0 to 255, with a sigma in that unit, are the same images."""
    verdicts = [judge(gaussian(**new, scale=s), [gaussian(**old, scale=s)], []) for s in (1, scale)]
    assert [verdict.blessed for verdict in verdicts] == [blessed] * 2
    number = "squared error" if new.get("sigma") != old.get("sigma") else "gain over the mean image"
    assert [number in verdict.reasons[-1] for verdict in verdicts] == [True] * 2


def test_a_model_that_gained_nothing_is_compared_by_its_error():
    """Adversarial decoders may cost more nats than the mean image: there is nothing to share."""
    old, new = gaussian(0.02, 500), gaussian(0.03, 400)
    assert old.metrics["gain"] < 0
    verdict = judge(new, [old], [])
    assert not verdict.blessed and "squared error of reconstructions" in verdict.reasons[0]
    assert judge(gaussian(0.0201, 500), [old], []).blessed
    nothing = gaussian(0.06, 1)
    assert judge(nothing, [nothing], []).reasons[-1].endswith("not compared")


def test_too_few_images_are_told_with_the_number_that_would_do():
    """Ten images whose costs differ much: an equal model cannot be told from a worse one."""

    def noisy(images, seed):
        counts = resample_counts(images, 200, 0)
        gains = 100 + 60 * np.random.default_rng(seed).standard_normal(images)
        return (
            gains,
            {
                "count": images,
                "likelihood": {},
                "gain": gains.mean(),
            },
            resampled_means(gains, counts),
        )

    _, old, old_draws = noisy(20, 1)
    _, new, new_draws = noisy(20, 2)
    new["gain"] = old["gain"]
    verdict = judge(model(new, gain=new_draws), [model(old, "the champion", gain=old_draws)], [])
    assert not verdict.blessed
    (words,) = verdict.reasons
    assert words.startswith("too few images to compare: gain over the mean image")
    assert "; there are 20 images, and about " in words and verdict.checks[-1].outcome != "passed"


def test_better_means_beyond_noise():
    old = gaussian(0.0100, 20)
    assert is_better(gaussian(0.0095, 20, seed=4), old)
    assert not is_better(gaussian(0.0100, 20, seed=5), old)
    assert not is_better(gaussian(0.0105, 20, seed=6), old)


def test_ten_retrainings_a_little_worse_each_are_stopped():
    """Each loses 4.9 % of the gain of the one before; after ten, 39 % of it would be gone."""
    first = costing(100)
    last, gains = first, [100]
    for number in range(1, 11):
        new = costing(gains[-1] * (1 - 0.049), seed=number)
        if judge(new, [last], []).blessed:  # beside the last one alone it may pass, time and again
            gains.append(gains[-1] * (1 - 0.049))
            last = new
        if not judge(new, [last, first], []).blessed:
            break
    assert number <= 2
    assert not judge(costing(100 * 0.951**2, seed=20), [first], []).blessed


def test_equal_and_worse_models_pass_as_often_as_is_said():
    """Equal ones at least 95 of 100 times, and those that are worse by the margin at most 5."""
    old = [costing(100, seed=1000 + n) for n in range(400)]
    for gain, low, high in ((100, 0.95, 1), (95, 0.02, 0.075), (90, 0, 0)):
        new = [costing(gain, seed=2000 + n) for n in range(400)]
        passed = np.mean([judge(a, [b], []).blessed for a, b in zip(new, old, strict=True)])
        assert low <= passed <= high, gain


COUNTS = resample_counts(500, 200, 0).astype(np.float64)


def costing(gain, seed=0, images=500):
    """A model that gains that many nats on average, and with it differs from others by 13."""
    images_own = np.random.default_rng([seed // 1000 and seed % 1000, 5]).normal(0, 40, images)
    gains = gain + images_own + np.random.default_rng([seed, 6]).normal(0, 9, images)
    return model(
        {"count": images, "likelihood": {}, "gain": gains.mean()},
        title="the last blessed model",
        gain=COUNTS @ gains / images,
    )


def test_conditions_are_met_by_their_limits():
    assert judge(model({"active_units": 2, "unexplained": 0.5})).blessed


def test_a_condition_without_a_limit_is_not_judged():
    config = EvaluationConfig(max_gain_lost=None)
    old, new = gaussian(0.01, 20), gaussian(0.04, 20)
    free = Judged(metrics=new.metrics, config=config, draws=new.draws)
    assert not judge(new, [old], []).blessed and judge(free, [old], []).blessed


def test_the_same_model_says_so_and_is_not_compared():
    verdict = judge(model(), [], [SAME_MODEL])
    assert verdict.blessed
    assert verdict.reasons[-1] == SAME_MODEL


@pytest.mark.parametrize(
    "wrong",
    [
        {"split": "dev"},
        {"max_unexplained": 0.0},
        {"max_unexplained": 1.1},
        {"max_gain_lost": -0.1},
        {"max_gain_lost": float("nan")},
        {"min_active_units": -1},
        {"images_per_label": 0},
        {"vectors_split": "test"},
        {"samples": 3},
        {"max_memorised": 1.5},
        {"max_nearer_training": 0.4},
        {"max_train_gap": -0.1},
        {"max_distance_worse": -1},
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
