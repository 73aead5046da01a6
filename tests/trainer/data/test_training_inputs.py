import dataclasses

import pytest

from data_prep.errors import InputError
from data_prep.manifest import read_manifest
from trainer.config import ImageShape
from trainer.data.training_inputs import check_data, check_inputs, check_vocabulary

RECORDS = {"train": 60, "eval": 20}


def test_what_fits(prepared, tiny_config, tmp_path):
    inputs = check_inputs(prepared.fn_args(tmp_path, tiny_config()))
    assert inputs.records == {"train": 60, "eval": 20}
    assert inputs.config == dataclasses.replace(tiny_config(), labels=("bar", "ring"))
    assert len(inputs.data_version) == 64
    source = inputs.source(prepared.transform, "eval")
    assert (source.records, source.features) == (20, ("image",))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"image": ImageShape(height=16, width=8)},
            "image.height: got 16, allowed: 8, as the data was prepared",
        ),
        (
            {"image": ImageShape(height=8, width=8, channels=3)},
            "image.channels: got 3, allowed: 1, as the data was prepared",
        ),
        ({"labels": ("bar",)}, "labels: got ('bar',), allowed: those of the data: bar, ring"),
    ],
)
def test_settings_that_the_data_cannot_serve(prepared, tiny_config, changes, message):
    settings = dataclasses.replace(tiny_config(), **changes)
    with pytest.raises(InputError) as error:
        check_data(settings, read_manifest(prepared.directory), RECORDS)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("train", "records", "message"),
    [
        ({"batch_size": 61}, RECORDS, "train.batch_size: got 61, allowed: at most the 60 records"),
        ({}, {"train": 0, "eval": 20}, "examples: the train split is empty"),
        (
            {"early_stopping_patience": 2},
            {"train": 60, "eval": 0},
            "train.early_stopping_patience: got 2, allowed: 0 where the eval split is empty",
        ),
    ],
)
def test_too_few_records(prepared, tiny_config, train, records, message):
    with pytest.raises(InputError) as error:
        check_data(tiny_config(**train), read_manifest(prepared.directory), records)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("condition", "labels", "attributes", "allowed"),
    [
        ("label", (), (), "none"),
        ("attributes", ("bar", "ring"), (), "label"),
        ("label", (), ("Male",), "attributes"),
    ],
)
def test_a_condition_that_the_data_lacks(
    prepared, tiny_config, condition, labels, attributes, allowed
):
    settings = tiny_config(family="cvae", condition=condition)
    manifest = dataclasses.replace(
        read_manifest(prepared.directory), labels=labels, attributes=attributes
    )
    with pytest.raises(InputError) as error:
        check_data(settings, manifest, RECORDS)
    words = f"model.condition: got '{condition}', allowed: {allowed}, as the data has"
    assert str(error.value) == words


def test_a_condition_brings_its_feature(prepared, tiny_config, tmp_path):
    settings = tiny_config(family="cvae", condition="label")
    inputs = check_inputs(prepared.fn_args(tmp_path, settings))
    assert inputs.source(prepared.transform, "train").features == ("image", "label_index")
    check_vocabulary(inputs.config, prepared.transform)


def test_a_word_that_the_train_split_lacks(prepared, tiny_config):
    settings = dataclasses.replace(
        tiny_config(family="cvae", condition="label"), labels=("bar", "cat", "ring")
    )
    with pytest.raises(InputError, match="no image of cat in the train split"):
        check_vocabulary(settings, prepared.transform)


def test_a_number_of_steps_is_refused(prepared, tiny_config, tmp_path):
    with pytest.raises(InputError, match="train_steps: got 10, allowed: unset"):
        check_inputs(prepared.fn_args(tmp_path, tiny_config(), train_steps=10))


def test_a_directory_without_manifest(prepared, tiny_config, tmp_path):
    files = [str(tmp_path / "Split-train/*")]
    with pytest.raises(InputError, match="manifest"):
        check_inputs(prepared.fn_args(tmp_path, tiny_config(), train_files=files))
