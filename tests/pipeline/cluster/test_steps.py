"""The compiled pipeline itself, step by step, against the same graph run here."""

import copy
import io
import json
import shutil
from pathlib import Path

import pytest
import tensorflow as tf

from data_prep.synthetic.drawings import write_drawings
from pipeline.cli.compile import compile_config
from pipeline.config.pipeline import load_config
from pipeline.local.console import RunConsole
from pipeline.local.run import run_local
from pipeline.local.summary import Summary

pytestmark = pytest.mark.e2e

TINY = (
    "name=tiny_steps",
    "data.sample.per_word=200",  # a test split large enough for disentanglement
    "data.workers=1",
    "train.batch_size=32",
    "train.learning_rate=0.005",
    "train.pictures=false",
    "evaluation.min_active_units=0",
    "evaluation.max_unexplained=1",
    "evaluation.images_per_label=2",
)
AT_COMPILE_TIME = ("model.beta=1", "model.latent_dim=3", "train.epochs=1")
AT_RUN_TIME = {"beta": 0.25, "latent_dim": 5, "epochs": 8}


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The summary of a local run with the values that the cluster gets at run time."""
    root = tmp_path_factory.mktemp("local")
    given = ("model.beta=0.25", "model.latent_dim=5", "train.epochs=8")
    config = load_config("sample", [*TINY, *given])
    summary = Summary(name=config.name, log="")
    run_local(config, root, RunConsole(io.StringIO()), summary)
    summary.state = "done"
    return summary.write(root)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    root = tmp_path_factory.mktemp("compiled")
    overrides = [*TINY, *AT_COMPILE_TIME, f"cluster.root={root}", "cluster.default.cpu=1"]
    return compile_config(load_config("sample", overrides))


@pytest.fixture(scope="module")
def service(interpreter, tmp_path_factory):
    return interpreter.Vertex(tmp_path_factory.mktemp("vertex"))


@pytest.fixture(scope="module")
def run(compiled, service, tmp_path_factory):
    """The run, with data and push destination elsewhere than at compile time."""
    spec = compiled["vertex"][0]["pipelineSpec"]
    folder = tmp_path_factory.mktemp("elsewhere")
    raw = spec["root"]["inputDefinitions"]["parameters"]["data_input"]["defaultValue"]
    shutil.move(raw, folder / "drawings")
    values = {
        **AT_RUN_TIME,
        "data_input": str(folder / "drawings"),
        "push_destination": str(folder / "decoders"),
    }
    return service.run(spec, values)


def test_the_container_prepares_the_spans_of_the_window(interpreter, tmp_path):
    """By the driver's and the executor's own commands."""
    for span in (8, 9, 10):
        write_drawings(str(tmp_path / f"raw/{span}"), per_word=10, seed=span)
    overrides = [f"data.input={tmp_path}/raw/{{SPAN}}/*.bin", f"cluster.root={tmp_path}/lf"]
    config = load_config("quickdraw", [*overrides, "data.window=2"])
    spec = compile_config(config)["vertex"][0]["pipelineSpec"]
    run = interpreter.Run(interpreter.Vertex(tmp_path / "vertex"), spec, {}, tmp_path / "run")
    (examples,) = run.step("ExamplePreparation")["examples"]
    manifest = json.loads((Path(examples["uri"]) / "manifest.json").read_text())
    assert [each["span"] for each in manifest["spans"]] == [9, 10]
    kept = {path.parent.name.split("-")[0] for path in tmp_path.glob("lf/**/spans/*/manifest.json")}
    assert kept == {"9", "10"} and manifest["counts"]["written"] == 120


def weights(decoder):
    """Bytes by name. The file they lie in also describes objects, in no certain order."""
    reader = tf.train.load_checkpoint(str(Path(decoder) / "variables" / "variables"))
    names = set(reader.get_variable_to_shape_map()) - {"_CHECKPOINTABLE_OBJECT_GRAPH"}
    assert names
    return {name: reader.get_tensor(name).tobytes() for name in names}


def metrics(evaluation):
    return json.loads((Path(evaluation) / "metrics.json").read_text())


def uri(run, task, key):
    return run.outputs[task][key][0]["uri"]


def test_the_steps_push_the_decoder_of_the_local_run(run, local):
    destination = Path(run.parameters["push_destination"])
    (pushed,) = destination.iterdir()
    assert weights(pushed) == weights(local["artifacts"]["pushed_model"])
    ours, theirs = (
        metrics(each)
        for each in (uri(run, "LatentEvaluator", "evaluation"), local["artifacts"]["evaluation"])
    )
    # The file of the drawings' factors does not move along with the data.
    assert ours["candidate"].pop("disentanglement") is None
    assert theirs["candidate"].pop("disentanglement")["mig"] >= 0
    # The manifest names the files that were read, which lie elsewhere.
    assert ours["extractor"].pop("data") != theirs["extractor"].pop("data")
    assert ours == theirs
    assert ours["candidate"]["latent_dim"] == 5


def test_the_values_of_the_run_trained_the_model(run):
    model = Path(uri(run, "Trainer", "model")) / "Format-TFMA"
    described = json.loads(next(model.rglob("model.json")).read_text())
    assert described["latent_dim"] == 5 and described["beta"] == 0.25
    history = json.loads((Path(uri(run, "Trainer", "model_run")) / "history.json").read_text())
    assert len(history["epochs"]) == 8


def test_a_resolver_of_the_latest_blessed_model_finds_ours(run, service):
    blessing = run.outputs["LatentEvaluator"]["blessing"][0]
    model = run.outputs["Trainer"]["model"][0]
    assert blessing["metadata"]["current_model_id"] == model["name"]
    assert run.outputs["LatestBlessedModel-model-resolver"]["model"] == []  # nothing before it
    blessed = run.step("LatestBlessedModel-model-blessing-resolver")
    run.outputs["LatestBlessedModel-model-blessing-resolver"] = blessed
    assert blessed["model_blessing"] == [blessing]
    assert run.step("LatestBlessedModel-model-resolver")["model"] == [model]


def again(interpreter, run, spec, tmp_path, types=True):
    """A run of `spec` whose steps so far are those of `run`, to go on with single steps."""
    vertex = interpreter.Vertex(tmp_path, types, list(run.store))
    more = interpreter.Run(vertex, spec, run.parameters, tmp_path)
    more.outputs = run.outputs
    return more


def test_a_step_as_kubeflow_hands_it_over(interpreter, compiled, run, tmp_path):
    """Inputs without types, and the command that puts them in."""
    (spec,) = compiled["kubeflow"]
    done = again(interpreter, run, spec, tmp_path, types=False).step("ExampleValidator")
    assert json.loads(done["anomalies"][0]["metadata"]["split_names"]) == ["train", "eval", "test"]
    command = spec["deploymentSpec"]["executors"]["ExampleValidator_executor"]["container"]
    stock = compiled["vertex"][0]["pipelineSpec"]["deploymentSpec"]["executors"]
    assert command["command"] != stock["ExampleValidator_executor"]["container"]["command"]


def test_a_missing_property_fails_its_step(interpreter, compiled, run, tmp_path):
    spec = copy.deepcopy(compiled["vertex"][0]["pipelineSpec"])
    del spec["components"]["ImportSchemaGen"]["inputDefinitions"]["parameters"]["schema_text"]
    with pytest.raises(interpreter.SpecError, match=r"ImportSchemaGen: parameters .*schema_text"):
        again(interpreter, run, spec, tmp_path).step("ImportSchemaGen")
    del spec["root"]["dag"]["tasks"]["ImportSchemaGen"]["inputs"]["parameters"]["schema_text"]
    with pytest.raises(interpreter.StepError, match="KeyError: 'schema_text'"):
        again(interpreter, run, spec, tmp_path).step("ImportSchemaGen")


@pytest.mark.parametrize(
    ("node", "side", "key", "kind", "words"),
    [
        ("Trainer", "inputDefinitions", "transform_graph", "tfx.Schema",
         "Trainer.transform_graph: wants tfx.Schema, gets tfx.TransformGraph"),
        ("Trainer", "outputDefinitions", "model", "tfx.Model2",
         "Pusher.model: wants tfx.Model, gets tfx.Model2"),
        ("LatentEvaluator", "outputDefinitions", "evaluation", "components.Nothing",
         "LatentEvaluator.evaluation: no artifact type components.Nothing"),
    ],
)  # fmt: skip
def test_a_wrong_artifact_type_is_found(
    interpreter, compiled, run, tmp_path, node, side, key, kind, words
):
    spec = copy.deepcopy(compiled["vertex"][0]["pipelineSpec"])
    declared = spec["components"][node][side]["artifacts"][key]["artifactType"]
    declared["instanceSchema"] = f"title: {kind}\ntype: object\n"
    with pytest.raises(interpreter.SpecError, match=words):
        more = again(interpreter, run, spec, tmp_path)
        more.step("Pusher" if key == "model" else node)


@pytest.mark.parametrize(
    ("node", "flag"), [("Trainer", "--runner=DirectRunner"), ("StatisticsGen", "--no_such=1")]
)
def test_a_flag_that_the_container_does_not_know_is_found(
    interpreter, compiled, run, tmp_path, node, flag
):
    spec = copy.deepcopy(compiled["vertex"][0]["pipelineSpec"])
    container = spec["deploymentSpec"]["executors"][f"{node}_executor"]["container"]
    container["args"].append(flag)
    with pytest.raises(interpreter.SpecError, match=f"does not know: .*{flag}"):
        again(interpreter, run, spec, tmp_path).step(node)


def test_a_value_of_the_wrong_kind_or_name_is_found(interpreter, compiled, service):
    spec = compiled["vertex"][0]["pipelineSpec"]
    for values, words in (({"gamma": 1}, "gamma"), ({"epochs": 1.5}, "epochs: wants NUMBER_INT")):
        with pytest.raises(interpreter.SpecError, match=words):
            service.run(spec, values)
