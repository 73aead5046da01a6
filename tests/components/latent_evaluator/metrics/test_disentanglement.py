"""Codes whose relation to the factors is known, and codes that know nothing."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from components.latent_evaluator.metrics.disentanglement import (
    LEAST_IMAGES,
    dci,
    disentanglement,
    importance_scores,
    mutual_information_gap,
    separated_attribute_predictability,
)

rng = np.random.default_rng(0)
ORDER = rng.permutation(1000)
SIZE, COLOUR = np.repeat([0, 1, 2, 3], 250)[ORDER], np.tile(["red", "blue"], 500)[ORDER]
FACTORS = {"size": SIZE, "colour": COLOUR}
PURE = np.stack([SIZE, COLOUR == "red", rng.normal(size=1000)], axis=1)
LEVELS = [2, 3, 5, 10, 32]


def coded(levels, count=2000, seed=0):
    """Returns levels of so many images, and codes: one is the level, one knows nothing."""
    random = np.random.default_rng(seed)
    drawn = random.integers(0, levels, count)
    return drawn, np.stack([drawn.astype(float), random.normal(size=count)], axis=1)


@pytest.mark.parametrize("levels", LEVELS)
def test_a_perfect_code_scores_one_at_every_number_of_levels(levels):
    """Numbers as they are, and words in any order; the other dimension is as good as chance."""
    drawn, z = coded(levels)
    z[:, 1] = 0
    words = np.array([f"w{i}" for i in np.random.default_rng(1).permutation(levels)])[drawn]
    for values in (drawn, drawn.astype(float), words):
        assert separated_attribute_predictability(z, {"f": values}) == pytest.approx(1)
        assert mutual_information_gap(z, {"f": values}) == pytest.approx(1)


def test_thresholds_tell_words_as_well_as_the_code_does():
    """Nine images of ten lie at their word's place, the others at any: balanced accuracy .9 + .1/5,
    above chance .9."""
    drawn, z = coded(5, count=20_000)
    random = np.random.default_rng(0)
    stray = random.random(len(drawn)) < 0.1
    z[:, 0] = np.where(stray, random.integers(0, 5, len(drawn)), drawn)
    words = np.array(list("caebd"))[drawn]
    assert separated_attribute_predictability(z[:, :1], {"f": words}) == pytest.approx(
        0.9, abs=0.02
    )


def test_sap_of_a_number_is_the_r2_of_a_line_less_the_second_best():
    random = np.random.default_rng(0)
    values = random.integers(0, 10, 20_000)  # integers are numbers, not ten words
    noise = random.normal(size=(2, 20_000)) * values.std()
    z = np.stack([values + noise[0] / 2, 7 - 3 * (values + noise[1])], axis=1)
    assert separated_attribute_predictability(z, {"f": values}) == pytest.approx(
        0.8 - 0.5, abs=0.02
    )


def test_sap_is_of_images_that_were_not_learned_from():
    """The best threshold on noise for a tenth of 200 images scores .3 where it was fitted."""
    has = np.arange(200) % 20 < 2
    codes = np.random.default_rng(0).normal(size=(40, 200, 1))
    scores = [separated_attribute_predictability(z, {"a": has}) for z in codes]
    assert np.mean(scores) < 0.15


def test_mig_is_by_the_mutual_information_of_bins():
    drawn, z = coded(6)
    z[:, 0] = drawn // 2 + 0.4 * z[:, 1]
    bins = [np.digitize(column, np.quantile(column, np.arange(1, 20) / 20)) for column in z.T]
    known = [mutual_info_score(drawn, column) for column in bins]
    entropy = mutual_info_score(drawn, drawn)
    found = mutual_information_gap(z, {"f": drawn})
    assert found == pytest.approx((max(known) - min(known)) / entropy)


def test_one_code_far_out_does_not_move_mig():
    values = np.random.default_rng(0).normal(size=(2000, 2))
    factors = {"x": values[:, 0].copy(), "y": values[:, 1].copy()}
    before = mutual_information_gap(values, factors)
    values[0] = 1e4
    assert (
        mutual_information_gap(values, factors) == pytest.approx(before, abs=0.02) and before > 0.9
    )


@pytest.mark.parametrize(
    ("importance", "disentangled", "complete"),
    [
        (np.eye(5), 1, 1),
        (np.zeros((5, 5)), 0, 0),
        (np.ones((5, 5)), 0, 0),
        (np.repeat(np.eye(5), 2, axis=0), 1, 1 - np.log(2) / np.log(10)),  # each factor in two
        (np.repeat(np.eye(5), 2, axis=1), 1 - np.log(2) / np.log(10), 1),  # each code of two
        (np.eye(5) * [1, 1, 0, 0, 0], 1, 1),  # missed factors do not count
        ([[3, 0], [0, 0.5], [0, 0.5]], 1, 0.75 + 0.25 * (1 - np.log(2) / np.log(3))),  # weights
    ],
)
def test_importances_give_disentanglement_and_completeness(importance, disentangled, complete):
    found = importance_scores(np.array(importance, float))
    assert found == pytest.approx((disentangled, complete), abs=1e-9)


def test_a_dimension_for_each_factor_is_perfect():
    assert mutual_information_gap(PURE[:, :2], FACTORS) == pytest.approx(1)
    assert separated_attribute_predictability(PURE, FACTORS) == pytest.approx(1, abs=0.1)
    assert dci(PURE, FACTORS) == pytest.approx(
        {"disentanglement": 1, "completeness": 1, "informativeness": 1}, abs=0.03
    )


def test_two_dimensions_that_know_the_same_leave_no_gap():
    twice = PURE[:, [0, 0, 1, 1]]
    assert mutual_information_gap(twice, FACTORS) == pytest.approx(0)
    assert separated_attribute_predictability(twice, FACTORS) == pytest.approx(0)


def test_half_the_information_is_half_the_gap():
    """One dimension knows all 2 bits of the size, the other only one of them."""
    codes = np.stack([SIZE, SIZE // 2], axis=1).astype(float)
    assert mutual_information_gap(codes, {"size": SIZE}) == pytest.approx(0.5)


def test_a_turned_code_is_informative_but_not_disentangled():
    values = rng.uniform(size=(2000, 2))
    factors = {"x": values[:, 0], "y": values[:, 1]}
    turn = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    straight, turned = disentanglement(values, factors), disentanglement(values @ turn, factors)
    assert straight["mig"] > 0.9 and turned["mig"] < 0.1
    assert straight["sap"] > 0.9 and turned["sap"] < 0.1
    assert straight["dci"]["disentanglement"] > 0.9 > 0.3 > turned["dci"]["disentanglement"]
    assert turned["dci"]["informativeness"] > 0.8
    assert straight["factors"] == ["x", "y"] and straight["left_out"] == []


@pytest.mark.parametrize("count", [200, 600])
def test_codes_that_know_nothing_score_what_chance_does(count):
    found = []
    for seed in range(3):
        random = np.random.default_rng(seed)
        factors = {
            "size": random.random(count),
            "hat": random.random(count) < 0.3,
            "word": np.array(list("abcd"))[random.integers(0, 4, count)],
        }
        score = disentanglement(random.normal(size=(count, 16)), factors, seed)
        chance = score["chance"]
        found.append(
            [(each["mig"], each["sap"], *each["dci"].values()) for each in (score, chance)]
        )
    scores, by_chance = np.mean(found, axis=0)
    assert scores == pytest.approx(by_chance, abs=0.05)
    assert scores[0] < 0.05 and scores[1] < 0.1 and scores[4] < 0
    assert scores[2] < 0.2 and scores[3] < 0.15


def test_a_code_that_knows_something_is_above_chance():
    found = disentanglement(PURE, FACTORS)
    chance = found["chance"]
    assert found["mig"] > 0.9 > 0.1 > chance["mig"]
    assert found["sap"] > 0.8 > 0.1 > chance["sap"]
    assert found["dci"]["disentanglement"] > 0.9 > 0.3 > chance["dci"]["disentanglement"]
    assert found["dci"]["informativeness"] > 0.9 > 0.1 > chance["dci"]["informativeness"]


def test_factors_that_do_not_vary_and_too_few_images_do_not_count():
    assert disentanglement(PURE, {"always": np.zeros(1000, int)}) is None
    assert disentanglement(PURE * np.nan, FACTORS) is None
    few = LEAST_IMAGES - 1
    assert disentanglement(PURE[:few], {n: v[:few] for n, v in FACTORS.items()}) is None
    rare = np.arange(1000) < 8  # four in each half
    found = disentanglement(PURE, {**FACTORS, "rare": rare, "same": np.full(1000, "a")})
    assert found["factors"] == ["size", "colour"] and found["left_out"] == ["rare", "same"]
