"""The optional node: what it adds to the DAG, and what is refused before any node runs."""

import dataclasses
import io
import json
import logging
from types import SimpleNamespace

import pytest
from tfx.types import Channel, standard_artifacts
from tfx.types import standard_component_specs as specs
from tfx.utils import import_utils

from components.artifacts import Trials
from data_prep.config_base import parse
from data_prep.errors import InputError
from pipeline.config.pipeline import load_config
from pipeline.dag import tuner_node
from pipeline.local.console import RunConsole, trials_table
from pipeline.local.summary import NodeResult, Summary
from pipeline.pipeline import create_pipeline
from trainer.tuner_fn import tuner_fn
from trainer.tuning.config import TunerConfig
from trainer.tuning.monitor import SearchProgress
from trainer.tuning.trial_store import Trial


@pytest.fixture
def make(tmp_path):
    (tmp_path / "cat.bin").touch()

    def build(*overrides):
        config = load_config("quickdraw", [f"data.input={tmp_path}/*.bin", *overrides])
        dag = create_pipeline(
            config,
            root=str(tmp_path / "root"),
            inputs=[f"{tmp_path}/*.bin"],
            prep_config=config.data.prep_config(),
        )
        return {node.id: node for node in dag.components}

    return build


def node_of(*overrides):
    """The node alone, without a DAG around it."""
    config = load_config("sample", [*overrides])
    transform = SimpleNamespace(
        outputs={"transform_graph": Channel(type=standard_artifacts.TransformGraph)}
    )
    return tuner_node.search_node(
        config.tuner,
        config.trainer_config(config.data.image_shape()),
        Channel(type=standard_artifacts.Examples),
        transform,
        "trials",
    )


def custom_config(node):
    return json.loads(node.exec_properties["custom_config"])


def test_without_a_search_there_is_no_trace_of_it(make):
    nodes = make()
    assert "Tuner" not in nodes and "hyperparameters" not in nodes["Trainer"].inputs
    assert "overrides" not in custom_config(nodes["Trainer"])


def test_the_trainer_waits_for_the_search(make, tmp_path):
    nodes = make("tuner.enabled=true", "tuner.parallel_trials=3", "tuner.overrides.beta=2")
    tuner = nodes["Tuner"]
    assert {node.id for node in tuner.upstream_nodes} == {"ExamplePreparation", "Transform"}
    assert "Tuner" in {node.id for node in nodes["Trainer"].upstream_nodes}
    assert nodes["Trainer"].inputs["hyperparameters"] == tuner.outputs["best_hyperparameters"]
    assert custom_config(nodes["Trainer"])["overrides"] == {"beta": 2.0}
    assert tuner.outputs["trials"].type is Trials
    assert json.loads(tuner.exec_properties[specs.TUNE_ARGS_KEY]) == {"num_parallel_trials": 3}
    config = custom_config(tuner)
    assert parse(TunerConfig, json.loads(config["tuner"])).parallel_trials == 3
    assert config["trials_root"] == str(tmp_path / "root" / "trials")
    path = tuner.exec_properties["tuner_fn"]
    assert import_utils.import_func_from_module(*path.rsplit(".", 1)).__code__ == tuner_fn.__code__


def test_the_code_of_trials_names_a_search_and_the_code_of_plots_does_not(monkeypatch):
    real = tuner_node.code_version
    before = custom_config(node_of("tuner.enabled=true").node)

    def edited(module):
        return lambda *names, **options: (
            real(*names, **options) + ("-edited" if module in names else "")
        )

    monkeypatch.setattr(tuner_node, "code_version", edited("components.tuner.executor"))
    plots = custom_config(node_of("tuner.enabled=true").node)
    assert plots["code_version"] == before["code_version"] and plots != before
    monkeypatch.setattr(tuner_node, "code_version", edited("trainer.tuning.trial"))
    trials = custom_config(node_of("tuner.enabled=true").node)
    assert trials["code_version"] != before["code_version"]


def test_an_earlier_search_is_imported(make, tmp_path):
    """In scheduled runs, without searching again."""
    found = tmp_path / "found"
    found.mkdir()
    (found / "best_hyperparameters.txt").write_text(json.dumps({"values": {"beta": 3}}))
    override = f"tuner.best_hyperparameters={found}"
    nodes = make(override)
    importer = nodes["BestHyperparameters"]
    assert "Tuner" not in nodes
    assert importer.exec_properties["artifact_uri"] == str(found)
    assert nodes["Trainer"].inputs["hyperparameters"] == importer.outputs["result"]

    def fingerprint(node):
        return node.outputs["result"].additional_custom_properties

    (found / "best_hyperparameters.txt").write_text(json.dumps({"values": {"beta": 4}}))
    assert fingerprint(node_of(override).node) != fingerprint(importer)

    for content, message in (
        ("{", "no JSON in"),
        ("{}", "a mapping with values"),
        ('{"values": {"beta": -3}}', "beta: got -3.0"),
    ):
        (found / "best_hyperparameters.txt").write_text(content)
        with pytest.raises(InputError, match=f"tuner.best_hyperparameters: .*{message}"):
            node_of(override)
    with pytest.raises(InputError, match="allowed: the directory that a Tuner wrote"):
        node_of(f"tuner.best_hyperparameters={tmp_path / 'nothing'}")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["tuner.space={}"], r"tuner\.space: got \{\}"),
        (["tuner.objective=loss"], r"tuner\.objective: got 'loss'"),
        (["tuner.space.beta={min: -1, max: 2}"], r"tuner\.space\.beta: beta: got -1"),
        (["model.family=ae"], r"tuner\.space\.beta: not to be searched with family ae"),
    ],
)
def test_a_config_that_cannot_be_searched_is_refused_when_it_is_loaded(overrides, message):
    with pytest.raises(InputError, match=message):
        load_config("sample", ["tuner.enabled=true", *overrides])


def test_the_sample_search_has_a_dozen_trials():
    assert load_config("sample", ["tuner.enabled=true"]).tuner.max_trials >= 12


def test_hyperparameters_have_one_name_in_the_summary():
    summary = Summary(name="x", log="")
    for node, outputs in (
        ("BestHyperparameters", {"result": "/hp"}),
        ("PreparedExamples", {"result": "/data"}),
        ("Tuner", {"trials": "/trials"}),
    ):
        summary.nodes[node] = NodeResult(state="done", seconds=1, outputs=outputs)
    assert summary.to_dict()["artifacts"] == {
        "best_hyperparameters": "/hp",
        "examples": "/data",
        "trials": "/trials",
    }


def record(*trials, ended=(), repeats=()):
    made = logging.makeLogRecord({"msg": "x"})
    config = TunerConfig(max_trials=4, epochs=5, objective="val_elbo", repeat_best=2)
    made.search = SearchProgress(trials=trials, ended=ended, config=config, repeats=repeats)
    return made


DONE = Trial(number=1, state="completed", values={"beta": 2.0}, score=-90.5, seconds=3,
             metrics={"val_kl_loss": 12.25, "relative_error": 0.5})  # fmt: skip
BETTER = Trial(number=2, state="completed", values={"beta": 0.5}, score=-80.0, seconds=4)
RUNS = Trial(number=3, state="running", values={"beta": 1.0}, epochs=2)
FAILED = Trial(number=4, state="failed", values={"beta": 9.0}, message="out of [memory]")


def test_a_file_gets_a_line_for_each_trial_and_the_table_at_the_end():
    file = io.StringIO()
    console = RunConsole(file)
    console.plan(["Tuner"])
    console.training(record(DONE, RUNS, ended=(DONE,)))
    console.training(record(DONE, RUNS))
    console.training(record(DONE, BETTER, FAILED, ended=(BETTER, FAILED)))
    lines = file.getvalue().splitlines()
    assert lines == [
        "    trial 1/4  completed  beta 2  score -90.5  3.0 s",
        "    trial 2/4  completed  beta 0.5  score -80  4.0 s",
        "    trial 4/4  failed  beta 9  out of [memory]  0.0 s",
    ]
    console.end("Tuner", NodeResult(state="done", seconds=9))
    table = [line.split() for line in file.getvalue().splitlines()[3:] if line.strip()]
    assert table[0] == ["3", "of", "4", "trials,", "by", "val_elbo"]
    assert ["★", "2", "0.5", "-80", "1", "4"] in table
    assert ["1", "2", "-90.5", "1", "12.2", "0.5", "3"] in table
    assert ["4", "9", "failed"] in table
    assert table.index(["4", "9", "failed"]) == len(table) - 2


def test_the_table_names_the_chosen_and_what_is_within_noise():
    again = [
        Trial(number=n, repeat=r, state="completed", values={}, score=score, seconds=9)
        for n, r, score in ((2, 1, -81.0), (2, 2, -82.0), (1, 1, -80.0), (1, 2, -75.5))
    ]
    third = Trial(number=3, state="completed", values={"beta": 1.0}, score=-200.0)
    running = dataclasses.replace(again[3], state="running", score=None)
    file = io.StringIO()
    console = RunConsole(file)
    console.plan(["Tuner"])
    console.training(record(DONE, BETTER, third, FAILED, repeats=(*again[:3], running)))
    assert str(trials_table(console._search).title).startswith("4 of 4 trials, 3 of 4 repeats, by")
    assert trials_table(console._search).caption is None
    console.training(record(DONE, BETTER, third, FAILED, repeats=tuple(again)))
    console.end("Tuner", NodeResult(state="done", seconds=9))
    table = [line.split() for line in file.getvalue().splitlines() if line.strip()]
    assert table[0] == ["4", "of", "4", "trials,", "4", "of", "4", "repeats,", "by", "val_elbo"]
    assert ["★", "1", "2", "-82", "±", "3.2", "3", "12.2", "0.5", "3"] in table
    assert ["~", "2", "0.5", "-81", "±", "3.2", "3", "4"] in table
    assert ["3", "1", "-200", "1"] in table
    said = " ".join(file.getvalue().split())
    assert "noise of a run 5.5 (4 degrees of freedom), gap between first and second 1;" in said
    assert "chosen is trial 1, the simplest within one standard error (3.2)" in said


def test_a_terminal_shows_the_table_while_trials_run_and_once_afterwards():
    file = io.StringIO()
    console = RunConsole(file, force_terminal=True)
    console.plan(["Tuner"])
    console.start("Tuner")
    console.training(record(DONE, RUNS))
    assert "epoch 2/5" in file.getvalue() and "★ 1" in file.getvalue()
    console.training(record(DONE, BETTER, ended=(BETTER,)))
    before = len(file.getvalue())
    console.end("Tuner", NodeResult(state="done", seconds=9))
    after = file.getvalue()[before:].split("\x1b[2K")[-1]  # the live table is wiped out
    assert after.count("★ 2") == 1
    console.training(SimpleNamespace(progress=None))  # the next node has no table
