"""The DAG's shape: nodes, edges, what travels in their properties."""

import json

import pytest
from tfx.utils import import_utils

from data_prep.errors import InputError
from data_prep.features import ImageSpec
from data_prep.manifest import Manifest
from pipeline.config.pipeline import load_config
from pipeline.dag.code_version import udf_path
from pipeline.dag.example_nodes import MANIFEST_SHA256
from pipeline.pipeline import create_pipeline
from trainer.config import CHECKPOINT_ROOT, TrainerConfig
from trainer.preprocessing import preprocessing_fn
from trainer.run_fn import run_fn


@pytest.fixture
def make(tmp_path):
    (tmp_path / "cat.bin").touch()

    def run(*overrides, preset="quickdraw", inputs=(f"{tmp_path}/*.bin",)):
        config = load_config(preset, [*overrides])
        prep = None if config.data.source == "prepared" else config.data.prep_config()
        dag = create_pipeline(config, root=str(tmp_path / "root"), inputs=inputs, prep_config=prep)
        return {node.id: node for node in dag.components}

    return run


def prepared(folder, labels=("cat",), attributes=(), channels=1, side=16):
    manifest = Manifest(
        image=ImageSpec(side, side, channels, "none"),
        labels=tuple(labels),
        attributes=tuple(attributes),
        counts={"by_split": {"train": 1}},
        extras=("identity",),
        rejects={},
        positives={},
        shards=(),
        source={"name": "celeba"},
        options={},
        code_version="",
    )
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(manifest.to_json())
    return str(folder)


def custom_config(node):
    return json.loads(node.exec_properties["custom_config"])


@pytest.mark.parametrize("function", [run_fn, preprocessing_fn])
def test_every_user_function_resolves_to_itself(function):
    # TFX loads the module anew, so what comes back is the same code, not the same object
    found = import_utils.import_func_from_module(*udf_path(function).rsplit(".", 1))
    assert found.__code__ == function.__code__


def test_nodes_and_what_waits_for_what(make):
    nodes = make()
    assert {name: sorted(up.id for up in node.upstream_nodes) for name, node in nodes.items()} == {
        "ExamplePreparation": [],
        "ImportSchemaGen": [],
        "LatestBlessedModel": [],
        "StatisticsGen": ["ExamplePreparation"],
        "ExampleValidator": ["ImportSchemaGen", "StatisticsGen"],
        "Transform": ["ExamplePreparation", "ExampleValidator", "ImportSchemaGen"],
        "Trainer": ["ExamplePreparation", "Transform"],
        "FeatureExtractor": ["ExamplePreparation", "ExampleValidator"],
        "LatentEvaluator": [
            "ExamplePreparation",
            "FeatureExtractor",
            "LatestBlessedModel",
            "Trainer",
        ],
        "Pusher": ["LatentEvaluator", "Trainer"],
    }


def test_statistics_see_everything_but_the_image(make):
    options = json.loads(make()["StatisticsGen"].exec_properties["stats_options_json"])
    seen = options["_feature_allowlist"]
    assert "image" not in seen and {"label", "key", "ink", "recognized"} <= set(seen)


def test_user_functions_know_settings_code_and_checkpoints(make, tmp_path):
    nodes = make("model.beta=3", "train.seed=5")
    config = custom_config(nodes["Trainer"])
    settings = TrainerConfig.from_json(config["settings"])
    assert (settings.model.beta, settings.train.seed) == (3, 5)
    assert settings.image.as_tuple == (32, 32, 1)
    assert config[CHECKPOINT_ROOT] == str(tmp_path / "root" / "checkpoints")
    assert len(config["code_version"]) == 64
    assert nodes["Trainer"].exec_properties["run_fn"] == "trainer.run_fn.run_fn"
    transform = custom_config(nodes["Transform"])
    assert transform["code_version"] != config["code_version"]


def test_model_and_training_do_not_touch_the_transform(make):
    one, other = (make(f"model.beta={beta}", f"train.epochs={beta}") for beta in (1, 2))
    assert custom_config(one["Transform"]) == custom_config(other["Transform"])
    assert custom_config(one["Trainer"]) != custom_config(other["Trainer"])


def test_a_prepared_directory_is_imported_where_it_lies(make, tmp_path):
    folder = prepared(tmp_path / "data", attributes=("smiling", "hat"), channels=3)
    overrides = ("data.source=prepared", f"data.input={folder}")
    nodes = make(*overrides, inputs=[folder])
    importer = nodes["PreparedExamples"]
    assert importer.exec_properties["artifact_uri"] == folder
    assert "ExamplePreparation" not in nodes
    settings = TrainerConfig.from_json(custom_config(nodes["Trainer"])["settings"])
    assert settings.image.as_tuple == (16, 16, 3)
    seen = json.loads(nodes["StatisticsGen"].exec_properties["stats_options_json"])
    assert {"attributes", "identity", "label"} <= set(seen["_feature_allowlist"])

    def fingerprint(nodes):
        return (
            nodes["PreparedExamples"]
            .outputs["result"]
            .additional_custom_properties[MANIFEST_SHA256]
        )

    before = fingerprint(nodes)
    assert fingerprint(make(*overrides, inputs=[folder])) == before
    prepared(tmp_path / "data", labels=("cat", "dog"), attributes=("smiling", "hat"), channels=3)
    assert fingerprint(make(*overrides, inputs=[folder])) != before


def test_data_without_labels_has_none_in_its_schema(make, tmp_path):
    folder = prepared(tmp_path / "data", labels=())
    nodes = make("data.source=prepared", f"data.input={folder}", inputs=[folder])
    schema = nodes["ImportSchemaGen"].exec_properties["schema_text"]
    assert '"image"' in schema and '"label"' not in schema and '"attributes"' not in schema


def test_a_condition_that_prepared_data_lacks_is_refused_before_any_node(make, tmp_path):
    folder = prepared(tmp_path / "data", labels=())
    conditional = ("model.family=cvae", "model.condition=label")
    with pytest.raises(InputError, match=r"model\.condition: got 'label', allowed: none, as the"):
        make("data.source=prepared", f"data.input={folder}", *conditional, inputs=[folder])


def test_the_blessed_model_reaches_the_trainer_only_for_a_warm_start(make):
    assert "base_model" not in make()["Trainer"].inputs
    assert "base_model" in make("train.warm_start=true")["Trainer"].inputs
