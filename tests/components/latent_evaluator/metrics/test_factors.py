"""Known factors read from a table, and codes whose relation to the factors is known."""

import numpy as np
import pytest

from components.latent_evaluator.metrics.factors import (
    dci,
    disentanglement,
    factors_of,
    mutual_information_gap,
    read_factor_table,
    separated_attribute_predictability,
)
from data_prep.errors import InputError

rng = np.random.default_rng(0)
SIZE = np.repeat([0, 1, 2, 3], 250)
COLOUR = np.tile(["red", "blue"], 500)
FACTORS = {"size": SIZE, "colour": COLOUR}
ORDER = rng.permutation(1000)
PURE = np.stack([SIZE * 1.0, COLOUR == "red", rng.normal(size=1000)], axis=1).astype(float)
SHUFFLED = {name: values[ORDER] for name, values in FACTORS.items()}


def test_columns_are_typed_and_joined_by_key(tmp_path):
    path = tmp_path / "factors.csv"
    path.write_text('key_id,word,slant,strokes\n7,"a, b",0.5,2\n8,cat,1,3\n', encoding="utf-8")
    known, factors = factors_of([b"8", b"6", b"7"], read_factor_table(str(path)))
    assert known.tolist() == [0, 2]
    assert factors["word"].tolist() == ["cat", "a, b"]
    assert factors["slant"].dtype == np.float64 and factors["slant"].tolist() == [1, 0.5]
    assert factors["strokes"].dtype == np.int64 and factors["strokes"].tolist() == [3, 2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "allowed: a key and one or more factors"),
        ("key\n1\n", "allowed: a key and one or more factors"),
        ("key,size\n1,2\n3\n", "line 3 has 1 values, allowed: 2"),
    ],
)
def test_a_table_that_is_none_is_wrong_input(tmp_path, text, words):
    path = tmp_path / "factors.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read_factor_table(str(path))


def test_a_missing_file_is_wrong_input(tmp_path):
    with pytest.raises(InputError, match=r"evaluation\.factors: .*gone\.csv"):
        read_factor_table(str(tmp_path / "gone.csv"))


def test_a_dimension_for_each_factor_is_perfect():
    assert mutual_information_gap(PURE[:, :2], FACTORS) == pytest.approx(1)
    assert separated_attribute_predictability(PURE[:, 1:], {"colour": COLOUR}) == pytest.approx(
        1, abs=0.1
    )
    found = dci(PURE[ORDER], SHUFFLED)
    assert found == pytest.approx(
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
    assert straight["mig"] > 0.6 and turned["mig"] < 0.1
    assert straight["sap"] > 0.9 and turned["sap"] < 0.1
    assert straight["dci"]["disentanglement"] > 0.9 > 0.3 > turned["dci"]["disentanglement"]
    assert turned["dci"]["informativeness"] > 0.8
    assert straight["factors"] == ["x", "y"]


def test_noise_knows_nothing():
    found = disentanglement(rng.normal(size=(1000, 3)), SHUFFLED)
    assert found["mig"] < 0.05 and found["sap"] < 0.1
    assert found["dci"]["informativeness"] < 0.1


def test_factors_that_do_not_vary_do_not_count():
    assert disentanglement(PURE, {"always": np.zeros(1000, int)}) is None
    assert disentanglement(PURE * np.nan, FACTORS) is None
