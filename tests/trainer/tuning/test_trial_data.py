"""Which images trials see."""

import dataclasses

import numpy as np
import pytest

from data_prep.config_base import parse
from data_prep.errors import InputError
from trainer.data.training_inputs import check_inputs
from trainer.tuning.config import TunerConfig
from trainer.tuning.trial_data import counts, draw_rows, read_arrays, write_arrays


def config(**values):
    return parse(TunerConfig, values, "tuner")


@pytest.fixture
def inputs(prepared, tiny_config, tmp_path):
    return check_inputs(prepared.fn_args(tmp_path, tiny_config()))


def test_a_larger_fraction_keeps_the_rows_of_a_smaller_one():
    few, more = (draw_rows(1000, count, seed=3) for count in (100, 400))
    assert len(set(few)) == 100 and set(few) < set(more) and (np.diff(more) > 0).all()
    assert set(few) != set(draw_rows(1000, 100, seed=4))
    assert draw_rows(5, 9, seed=0).tolist() == [0, 1, 2, 3, 4]


def test_counts(inputs):
    assert counts(inputs, config()) == {"train": 60, "eval": 20}
    assert counts(inputs, config(data_fraction=0.5, eval_images=12)) == {"train": 30, "eval": 12}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"data_fraction": 0.1}, r"train\.batch_size: got 16, allowed: at most the 6 images"),
        (
            {"data_fraction": 0.5, "space": {"batch_size": {"choices": [8, 31]}}},
            r"tuner\.space\.batch_size: got 31, allowed: at most the 30",
        ),
        ({"space": {"batch_size": {"min": 8, "max": 61}}}, r"batch_size: got 61"),
    ],
)
def test_a_batch_must_fit_into_the_fraction(inputs, values, message):
    with pytest.raises(InputError, match=message):
        counts(inputs, config(**values))


def test_there_must_be_something_to_measure_on(inputs):
    empty = dataclasses.replace(inputs, records={"train": 60, "eval": 0})
    with pytest.raises(InputError, match="the eval split is empty"):
        counts(empty, config())


def test_arrays_hold_the_chosen_images_and_their_labels(inputs, prepared, tmp_path):
    asked = config(data_fraction=0.5, eval_images=10, seed=1)
    write_arrays(inputs, prepared.transform, asked, str(tmp_path))
    for split, total, count in (("train", 60, 30), ("eval", 20, 10)):
        rows = draw_rows(total, count, seed=1)
        arrays = read_arrays(str(tmp_path), split)
        assert set(arrays) == {"image", "label_index"}
        assert np.array_equal(arrays["image"], prepared.images[split][rows])
        # the fixture labels by the parity of the row: ring, bar, which sort the other way round
        assert np.array_equal(arrays["label_index"], 1 - rows % 2)
