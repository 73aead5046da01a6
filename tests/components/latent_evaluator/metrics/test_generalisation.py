"""The gap between training and held-out images: known answers and simulations; words of the
verdict."""

import dataclasses

import numpy as np
import pytest

from components.latent_evaluator.blessing import judge
from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.bootstrap import resample_counts
from components.latent_evaluator.metrics.generalisation import train_gap_of
from components.latent_evaluator.metrics.thresholds import Judged

CONFIG = EvaluationConfig()
GOOD = {"elbo": -100.0, "active_units": 4, "latent_dim": 8, "unexplained": 0.2}
KNOWN = {
    "nearer_training": 0.5,
    "nearer_training_interval": [0.46, 0.54],
    "train_gap": 0.04,
    "train_gap_interval": [0.02, 0.06],
    "train_gap_nats": 3.4,
}
COPIES = {
    "memorised": 0.08,
    "memorised_held_out": 0.02,
    "excess_interval": [0.04, 0.08],
    "samples": 2000,
}


def judged(metrics, config=CONFIG):
    return judge(Judged(metrics=GOOD | metrics, config=config))


def gap(training, held_out, mean_image):
    counts = resample_counts(len(training), 200, 2), resample_counts(len(held_out), 200, 0)
    return train_gap_of(training, held_out, counts, mean_image)


def test_the_share_is_of_what_training_images_gain_over_the_mean_image():
    nats, share = gap(np.array([60.0, 80.0]), np.array([120.0, 100.0, 110.0]), 190.0)
    assert nats.value == pytest.approx(40)
    assert share.value == pytest.approx(40 / 120)
    assert share.draws == pytest.approx(nats.draws / (190 - (110 - nats.draws)), abs=1)
    assert len(share.draws) == 200


def test_the_share_knows_neither_the_unit_of_nats_nor_the_zero_of_a_likelihood():
    rng = np.random.default_rng(0)
    training, held_out = rng.normal(70, 20, 300), rng.normal(100, 20, 200)
    _, plain = gap(training, held_out, 200.0)
    for scale, zero in ((100.0, 11292.0), (0.01, -5000.0)):
        _, moved = gap(scale * training + zero, scale * held_out + zero, scale * 200 + zero)
        assert moved.value == pytest.approx(plain.value)
        assert moved.interval == pytest.approx(plain.interval)


def test_a_model_that_gains_nothing_has_no_share():
    rng = np.random.default_rng(0)
    nats, share = gap(rng.normal(199, 20, 50), rng.normal(230, 20, 50), 200.0)
    assert share.value is None and share.interval is None
    assert nats.value > 20


def test_what_is_not_finite_is_not_hidden():
    _, share = gap(np.array([1.0, np.nan]), np.array([2.0, 3.0]), 5.0)
    assert np.isnan(share.value)


@pytest.mark.parametrize(("training", "held_out"), [(50, 50), (50, 1000), (500, 500)])
def test_the_interval_holds_the_truth_and_equal_costs_are_not_refused(training, held_out):
    """Costs as digits have them: 100 nats, 30 from image to image, of 100 that can be gained."""
    rng = np.random.default_rng([training, held_out])
    covered, refused, repetitions = 0, 0, 150
    for _ in range(repetitions):
        costs = rng.gamma(11, 9, training + held_out)
        _, share = gap(costs[:training], costs[training:], 199.0)
        covered += share.interval[0] <= 0 <= share.interval[1]
        refused += share.interval[0] > CONFIG.max_train_gap
    assert covered >= 0.9 * repetitions
    assert refused == 0


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            {"nearer_training": 0.878, "nearer_training_interval": [0.775, 0.982]},
            "87.8% (77.5% to 98.2%) of samples are nearer to a training image than to one of as "
            "many held-out images; by chance 50% (surely more than 60.0% is too many)",
        ),
        (
            {"train_gap": 0.37, "train_gap_interval": [0.34, 0.39], "train_gap_nats": 34.46},
            "a held-out image costs 34.5 nats more than a training image, 37.0% (34.0% to 39.0%) "
            "of what that gains over the mean image (surely more than 25.0% is learned by heart)",
        ),
        (
            {"nearest_train": COPIES | {"excess_interval": [0.051, 0.07]}},
            "8.0% of 2,000 samples are copies of training images, of held-out images 2.0%: "
            "5.1% to 7.0% more (surely more than 5.0% is too many)",
        ),
    ],
)
def test_each_refuses_alone_and_in_words(found, words):
    assert judged(KNOWN).blessed
    verdict = judged(KNOWN | found)
    assert not verdict.blessed
    assert verdict.reasons == (words,)


@pytest.mark.parametrize(
    "found",
    [
        {"nearer_training": 0.8, "nearer_training_interval": [0.6, 1.0]},
        {"train_gap": 0.4, "train_gap_interval": [0.25, 0.6]},
        {"train_gap": None},
        {"nearest_train": COPIES},
    ],
)
def test_what_is_not_sure_is_not_refused(found):
    assert judged(KNOWN | found).blessed


@pytest.mark.parametrize("limit", ["max_memorised", "max_nearer_training", "max_train_gap"])
def test_each_can_be_switched_off(limit):
    bad = {
        "max_memorised": {"nearest_train": COPIES | {"excess_interval": [0.5, 0.6]}},
        "max_nearer_training": {"nearer_training": 0.9, "nearer_training_interval": [0.8, 1.0]},
        "max_train_gap": {"train_gap": 0.9, "train_gap_interval": [0.8, 1.0]},
    }
    assert not judged(KNOWN | bad[limit]).blessed
    assert judged(KNOWN | bad[limit], dataclasses.replace(CONFIG, **{limit: None})).blessed


def test_the_table_of_the_report_has_number_and_limit():
    checks = judged(KNOWN | {"nearest_train": COPIES}).checks
    assert [tuple(check[2:5]) for check in checks][2:5] == [
        ("copies of training images", "8.0%", "not surely above 5.0% beyond held-out images"),
        ("samples nearer to training images", "50.0%", "not surely above 60.0%"),
        ("learned by heart", "4.0%", "not surely above 25.0%"),
    ]
