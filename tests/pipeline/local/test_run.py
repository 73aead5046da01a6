"""The whole DAG on a tiny data set: what runs again after which change, and what is left."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest

from components.blessed_models.registry import BlessingRegistry
from data_prep.config import PrepConfig
from data_prep.errors import InputError
from data_prep.job.prepare import prepare
from data_prep.synthetic.drawings import write_drawings
from pipeline import pipeline as dag
from pipeline.config.pipeline import load_config
from pipeline.local.console import RunConsole
from pipeline.local.run import NodeFailedError, run_local
from pipeline.local.summary import Summary

pytestmark = pytest.mark.e2e

TINY = (
    "name=tiny",
    "data.workers=1",
    "model.latent_dim=4",
    "train.epochs=25",
    "train.batch_size=16",
    "train.learning_rate=0.003",
    "train.pictures=false",
)
NODES = {
    "ExamplePreparation",
    "ImportSchemaGen",
    "LatestBlessedModel",
    "StatisticsGen",
    "ExampleValidator",
    "Transform",
    "Trainer",
    "FeatureExtractor",
    "LatentEvaluator",
    "Pusher",
}
ALWAYS = {"LatestBlessedModel"}  # a resolver looks anew each time
FROM_TRAINER = {"Trainer", "LatentEvaluator", "Pusher"}
FROM_DATA = NODES - {"ImportSchemaGen"}


class Place:
    """A root and its input files."""

    def __init__(self, folder, lenient):
        self.root, self.raw = folder / "root", folder / "raw"
        self.settings = (*TINY, *lenient)

    def overrides(self, *more):
        return [f"data.input=[{self.raw}/*.bin]", *self.settings, *more]

    def run(self, *more):
        config = load_config("quickdraw", self.overrides(*more))
        summary = Summary(name=config.name, log="")
        try:
            run_local(config, self.root, RunConsole(io.StringIO()), summary)
            summary.state = "done"
        finally:
            content = summary.write(self.root)
        return content

    def versions(self):
        return sorted(os.listdir(self.root / "serving"))


def executed(summary):
    return {name for name, node in summary["nodes"].items() if node["state"] == "done"}


@pytest.fixture(scope="module")
def place(tmp_path_factory, lenient):
    place = Place(tmp_path_factory.mktemp("dag"), lenient)
    write_drawings(str(place.raw), per_word=20, seed=0)
    return place


@pytest.fixture(scope="module")
def runs(place):
    """The first three runs of the same thing."""
    found = []
    for _ in range(3):
        summary = place.run()
        found.append((summary, place.versions()))
    return found


def test_the_first_run_executes_everything_and_pushes(place, runs):
    summary, versions = runs[0]
    assert set(summary["nodes"]) == NODES
    assert executed(summary) == NODES
    assert summary["blessing"]["blessed"], summary["blessing"]["reasons"]
    assert summary["artifacts"]["pushed_model"] == str(place.root / "serving" / versions[0])
    assert len(versions) == 1
    built = ("examples", "schema", "statistics", "transform_graph", "model", "extractor")
    for name in (*built, "attribute_vectors", "evaluation"):
        assert os.path.isdir(summary["artifacts"][name]), name
    assert set(summary["metrics"]) >= {"elbo", "reconstruction_loss", "kl_loss", "active_units"}
    assert json.loads((place.root / "summary.json").read_text())["state"] == "done"


def test_the_second_run_only_judges_again_and_pushes_nothing_new(runs):
    summary, versions = runs[1]
    assert executed(summary) == ALWAYS | {"LatentEvaluator", "Pusher"}
    assert versions == runs[0][1]
    assert "this very model" in summary["blessing"]["reasons"][-1]
    assert summary["artifacts"]["pushed_model"] == runs[0][0]["artifacts"]["pushed_model"]
    assert not summary["nodes"]["LatentEvaluator"]["cached"]


def test_the_blessing_is_entered_once_with_its_push(place, runs):
    (record,) = BlessingRegistry(str(place.root / "blessed")).all()
    assert record.champion and record.uri == runs[0][0]["artifacts"]["model"]
    assert [record.pushed] == runs[0][1]


def test_a_champion_that_is_not_there_is_refused_before_the_first_node(place, runs):
    with pytest.raises(InputError, match=r"evaluation\.champion: got '.*/nowhere', allowed: not"):
        place.run("evaluation.champion=nowhere")


def test_the_third_run_executes_nothing_but_the_resolver(runs):
    summary, versions = runs[2]
    assert executed(summary) == ALWAYS
    assert all(node["cached"] for name, node in summary["nodes"].items() if name not in ALWAYS)
    assert versions == runs[0][1]
    assert summary["metrics"] == runs[0][0]["metrics"]


def test_the_pushed_decoder_draws_in_a_process_without_this_project(runs, tmp_path):
    pushed = runs[2][0]["artifacts"]["pushed_model"]
    code = (
        "import sys, tensorflow as tf\n"
        "decoder = tf.saved_model.load(sys.argv[1])\n"
        "image = decoder.signatures['decode'](z=tf.zeros([2, 4]))['image']\n"
        "assert image.shape == (2, 32, 32, 1) and 0 <= image.numpy().min()\n"
        "assert not {'trainer', 'pipeline', 'keras'} & set(sys.modules), 'not standing alone'\n"
    )
    command = [sys.executable, "-P", "-c", code, pushed]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)


def test_another_beta_trains_again_and_prepares_nothing(place, runs):
    assert executed(place.run("model.beta=2")) == ALWAYS | FROM_TRAINER


def test_edited_trainer_code_trains_again_and_prepares_nothing(place, runs, monkeypatch):
    _edit(monkeypatch, "trainer.run_fn")
    assert executed(place.run()) == ALWAYS | FROM_TRAINER


def test_edited_preprocessing_transforms_again_and_prepares_nothing(place, runs, monkeypatch):
    _edit(monkeypatch, "trainer.preprocessing")
    assert executed(place.run()) == ALWAYS | FROM_TRAINER | {"Transform"}


def test_an_edited_evaluator_judges_again_and_trains_nothing(place, runs, monkeypatch):
    _edit(monkeypatch, "components.latent_evaluator.executor")
    assert executed(place.run()) == ALWAYS | {"LatentEvaluator", "Pusher"}


def test_another_image_size_prepares_again(place, runs):
    assert executed(place.run("data.image_size=16")) == FROM_DATA


def test_the_number_of_workers_changes_nothing(place, runs):
    assert "ExamplePreparation" not in executed(place.run("data.workers=2"))


def test_a_search_gives_the_trainer_its_winner_and_is_not_repeated(place, runs):
    search = (
        "tuner.enabled=true",
        "tuner.max_trials=2",
        "tuner.epochs=1",
        "tuner.algorithm=random",
        "tuner.repeat_seeds=1",
        "tuner.space={beta: {choices: [0.5, 2]}}",
        "tuner.overrides.learning_rate=0.004",
        "train.epochs=2",
    )
    summary = place.run(*search)
    assert executed(summary) == ALWAYS | FROM_TRAINER | {"Tuner"}
    artifacts = summary["artifacts"]
    with open(os.path.join(artifacts["trials"], "trials.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(float(row["beta"]) for row in rows) == [0.5, 2.0]
    assert [row["runs"] for row in rows] == ["2", "2"]
    (chosen,) = [row for row in rows if row["chosen"] == "true"]
    (found,) = os.listdir(artifacts["best_hyperparameters"])
    with open(os.path.join(artifacts["best_hyperparameters"], found)) as file:
        best = json.load(file)["values"]
    assert best["beta"] == float(chosen["beta"])
    model = os.path.join(artifacts["model"], "Format-TFMA", "assets.extra", "model.json")
    with open(model) as file:
        assert json.load(file)["beta"] == best["beta"]
    assert not {"Tuner", "Trainer"} & executed(place.run(*search))


def test_a_changed_input_file_prepares_again(place, runs):
    """Last of the tests on this place: it spoils the input."""
    path = sorted(place.raw.glob("*.bin"))[0]
    path.write_bytes(path.read_bytes() * 2)  # every drawing of the word twice
    summary = place.run()
    # repeated drawings are dropped, yet the manifest tells of them: all that follows is new
    assert executed(summary) == FROM_DATA


def test_a_run_names_the_failing_node_and_goes_on_from_there(place, runs, monkeypatch):
    def broken(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr("components.latent_evaluator.executor.bless", broken)
    with pytest.raises(NodeFailedError, match="LatentEvaluator") as failure:
        place.run("model.beta=3")
    assert isinstance(failure.value.__cause__, OSError)
    summary = json.loads((place.root / "summary.json").read_text())
    assert summary["nodes"]["LatentEvaluator"]["state"] == "failed"
    assert "Pusher" not in summary["nodes"]
    monkeypatch.undo()
    assert executed(place.run("model.beta=3")) == ALWAYS | {"LatentEvaluator", "Pusher"}


def test_a_prepared_directory_runs_again_only_when_its_contents_change(place, runs, tmp_path):
    data, root = str(tmp_path / "data"), tmp_path / "root"
    overrides = [f"data.input={data}", "data.source=prepared", *place.settings]
    overrides.append("train.epochs=1")
    path = tmp_path / "prepared.yaml"
    path.write_text("data: {source: prepared}\n")

    def run():
        config = load_config(str(path), overrides)
        summary = Summary(name=config.name, log="")
        run_local(config, root, RunConsole(io.StringIO()), summary)
        return summary.write(root)

    nodes = (NODES - {"ExamplePreparation"}) | {"PreparedExamples"}
    prepare(PrepConfig(source="quickdraw", image_size=16), [f"{place.raw}/*.bin"], data)
    first = run()
    assert executed(first) == nodes
    assert first["artifacts"]["examples"] == data  # nothing was copied
    assert executed(run()) <= ALWAYS | {"LatentEvaluator", "Pusher"}
    options = PrepConfig(source="quickdraw", image_size=16, words=("cup", "fish", "star"))
    prepare(options, [f"{place.raw}/*.bin"], data, overwrite=True)
    assert executed(run()) == nodes - {"ImportSchemaGen"}


def _edit(monkeypatch, module):
    """As if that module's code had been edited: its version is another one."""
    real = dag.code_version
    monkeypatch.setattr(
        dag,
        "code_version",
        lambda *names, **options: real(*names, **options) + "-edited" * (module in names),
    )
