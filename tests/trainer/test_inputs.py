import dataclasses

import pytest

from data_prep.errors import InputError
from data_prep.manifest import read_manifest
from trainer.hparams import ImageShape
from trainer.inputs import check_inputs, check_settings
from trainer.models import MODELS
from trainer.vae import VAE

RECORDS = {"train": 60, "eval": 20}


def test_what_fits(prepared, tiny_settings, tmp_path):
    inputs = check_inputs(prepared.fn_args(tmp_path, tiny_settings()))
    assert (inputs.train_records, inputs.eval_records) == (60, 20)
    assert inputs.labels == ("bar", "ring")
    assert inputs.settings == tiny_settings()
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
        ({"labels": ("bar",)}, "labels: got ('bar',), allowed: the words of the data: bar, ring"),
    ],
)
def test_settings_that_the_data_cannot_serve(prepared, tiny_settings, changes, message):
    settings = dataclasses.replace(tiny_settings(), **changes)
    with pytest.raises(InputError) as error:
        check_settings(settings, read_manifest(prepared.directory), RECORDS)
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
def test_too_few_records(prepared, tiny_settings, train, records, message):
    with pytest.raises(InputError) as error:
        check_settings(tiny_settings(**train), read_manifest(prepared.directory), records)
    assert message in str(error.value)


@pytest.mark.parametrize(("feature", "name"), [("label_index", "label"), ("attributes",) * 2])
def test_a_family_that_needs_what_the_data_lacks(
    prepared, tiny_settings, monkeypatch, feature, name
):
    class Conditional(VAE):
        features = (feature,)

    monkeypatch.setitem(MODELS, "vae", Conditional)
    manifest = dataclasses.replace(read_manifest(prepared.directory), labels=(), attributes=())
    with pytest.raises(InputError, match=rf"model\.family: got 'vae', .* needs no {name}:"):
        check_settings(tiny_settings(), manifest, RECORDS)


def test_a_number_of_steps_is_refused(prepared, tiny_settings, tmp_path):
    with pytest.raises(InputError, match="train_steps: got 10, allowed: unset"):
        check_inputs(prepared.fn_args(tmp_path, tiny_settings(), train_steps=10))


def test_a_directory_without_manifest(prepared, tiny_settings, tmp_path):
    files = [str(tmp_path / "Split-train/*")]
    with pytest.raises(InputError, match="manifest"):
        check_inputs(prepared.fn_args(tmp_path, tiny_settings(), train_files=files))
