"""Known factors read from a table."""

import numpy as np
import pytest

from components.latent_evaluator.metrics.factors import factors_of, read_factor_table
from data_prep.errors import InputError


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
