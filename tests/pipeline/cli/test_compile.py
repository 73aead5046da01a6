"""The verb `compile`: two files, and words that say where and with which parameters."""

import json

import pytest
import yaml
from click.testing import CliRunner

from pipeline.cli.main import main

BUCKET = ("data.input=gs://bucket-1/drawings/*.bin", "cluster.root=gs://bucket-1/lf")


def call(*arguments, overrides=BUCKET):
    sets = [part for value in overrides for part in ("--set", value)]
    return CliRunner().invoke(main, ["compile", "quickdraw", *map(str, arguments), *sets])


def test_both_forms_are_written(tmp_path):
    done = call("--output", tmp_path / "p.json")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.json", "p.yaml"]
    job = json.loads((tmp_path / "p.json").read_text())
    (spec,) = yaml.safe_load_all((tmp_path / "p.yaml").read_text())
    assert job["pipelineSpec"]["pipelineInfo"] == spec["pipelineInfo"] == {"name": "quickdraw"}
    assert "  beta=0.25  Weight of the KL term." in done.stdout.splitlines()


def test_a_form_that_cannot_be_leaves_no_older_one(tmp_path):
    (tmp_path / "p.yaml").write_text("old")
    done = call("--output", tmp_path / "p.json", overrides=(*BUCKET, "train.warm_start=true"))
    assert done.exit_code == 0 and "none: train.warm_start needs a resolver" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["p.json"]


@pytest.mark.parametrize("machine", ["a4-highgpu-8g", "c3-standard-8", "g4-standard-48"])
def test_a_machine_that_is_not_known_here_is_a_warning(tmp_path, machine):
    node = f"cluster.nodes.Trainer={{machine: {machine}}}"
    region = "cluster.region=europe-north2"
    done = call("--output", tmp_path / "p.json", overrides=(*BUCKET, node, region))
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith(f"warning: cluster.nodes.Trainer.machine: {machine} is not in")
    assert len(done.stderr.splitlines()) == 1 and (tmp_path / "p.json").is_file()


@pytest.mark.parametrize(
    ("output", "overrides", "words"),
    [
        ("p.yaml", BUCKET, "--output: got"),
        ("none/p.json", BUCKET, "--output: got"),
        ("p.json", (*BUCKET, "cluster.region=x"), "cluster.region: got 'x'"),
        ("p.json", (*BUCKET, "data.input=/x/*.bin"), "data.input: no file matches"),
    ],
)
def test_one_line_and_status_2(tmp_path, output, overrides, words):
    done = call("--output", tmp_path / output, overrides=overrides)
    assert done.exit_code == 2 and done.stderr.startswith(f"error: {words}")
    assert len(done.stderr.splitlines()) == 1 and not list(tmp_path.iterdir())
