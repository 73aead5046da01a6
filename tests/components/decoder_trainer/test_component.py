"""Values of the start of a run in the trainer's settings."""

import json

import pytest
from tfx.utils import json_utils

from components.decoder_trainer.overrides import with_overrides
from components.kubeflow_entrypoint import INTERFACE, INVOCATION, with_types
from data_prep.errors import InputError
from trainer.config import TrainerConfig


def properties(**given):
    config = {"settings": TrainerConfig().to_json(), "code_version": "1"}
    return {"custom_config": json_utils.dumps(config), "run_fn": "a.b", **given}


def settings(made):
    return TrainerConfig.from_json(json_utils.loads(made["custom_config"])["settings"])


def test_what_is_given_wins_and_the_rest_stays():
    made = with_overrides(properties(beta=4.0, epochs=3, latent_dim=None))
    assert settings(made).model.beta == 4 and settings(made).train.epochs == 3
    assert settings(made).model.latent_dim == TrainerConfig().model.latent_dim
    assert made.keys() == {"custom_config", "run_fn"}  # TFX's executor knows no others
    assert json_utils.loads(made["custom_config"])["code_version"] == "1"


def test_nothing_given_changes_nothing():
    assert with_overrides(properties()) == properties()
    assert with_overrides(properties(beta=None)) == properties()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"beta": -1.0}, "beta: got -1"),
        ({"latent_dim": 0}, "latent_dim"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_impossible_values_are_refused(given, words):
    with pytest.raises(InputError, match=words):
        with_overrides(properties(**given))


def test_inputs_without_types_get_those_of_the_interface():
    kind, other = {"instanceSchema": "title: tfx.Model"}, {"instanceSchema": "title: tfx.Schema"}
    invocation = {
        "inputs": {
            "artifacts": {
                "model": {
                    "artifacts": [{"uri": "a"}, {"uri": "b", "type": {"instanceSchema": ""}}]
                },
                "schema": {"artifacts": [{"uri": "c", "type": other}]},
            }
        }
    }
    interface = {"artifacts": {"model": {"artifactType": kind}, "schema": {"artifactType": kind},
                               "absent": {"artifactType": kind}}}  # fmt: skip
    made = with_types(
        ["entry", INVOCATION, json.dumps(invocation), INTERFACE, json.dumps(interface), "--x"]
    )
    found = json.loads(made[2])["inputs"]["artifacts"]
    assert [each["type"] for each in found["model"]["artifacts"]] == [kind, kind]
    assert found["schema"]["artifacts"][0]["type"] == other
    assert made[3:] == [INTERFACE, json.dumps(interface), "--x"] and "absent" not in found
