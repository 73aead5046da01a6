"""The command as a process: exit status, what is on the screen and what is not."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.config.pipeline import preset_names

REPOSITORY = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-c", "from pipeline.cli.main import main; main()"]
TINY = (
    "name=tiny",
    "data.sample.per_word=10",
    "data.workers=1",
    "model.latent_dim=2",
    "train.epochs=1",
    "train.batch_size=16",
    "evaluation.split=train",
    "evaluation.vectors_split=eval",
    "evaluation.min_active_units=0",
)


def environment():
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"}


def latentforge(*arguments, cwd):
    return subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, env=environment(), capture_output=True, text=True
    )


def sets(*values):
    return [part for value in (*TINY, *values) for part in ("--set", value)]


def summary(root):
    return json.loads((Path(root) / "summary.json").read_text())


def test_help_and_version_start_no_heavy_library(tmp_path):
    code = (
        "import sys, time; began = time.monotonic()\n"
        "from click.testing import CliRunner\n"
        "from pipeline.cli.main import main\n"
        "for arguments in (['--help'], ['--version'], ['run', '--help'], ['presets']):\n"
        "    result = CliRunner().invoke(main, arguments)\n"
        "    assert result.exit_code == 0, result.output\n"
        "heavy = {'tensorflow', 'keras', 'tfx', 'apache_beam'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment(), check=True)


def test_presets_are_listed_with_beta_and_a_word_on_each(tmp_path):
    shown = latentforge("presets", cwd=tmp_path)
    assert shown.returncode == 0
    lines = [line.split(maxsplit=3) for line in shown.stdout.splitlines()]
    assert lines[0] == ["preset", "beta", "sigma"]
    found = {name: numbers for name, *numbers in lines[1:]}
    assert list(found) == preset_names()
    assert found["cats_vae"][:2] == ["0.1024", "-"]
    assert found["cats_ae"][:2] == ["-", "-"]  # no KL
    assert found["sample"] == ["1", "-", "procedural drawings, conv VAE, 32x32"]


@pytest.mark.slow
def test_presets_as_json_count_the_parameters(tmp_path):
    shown = latentforge("presets", "--json", cwd=tmp_path)
    facts = json.loads(shown.stdout)["sample"]
    assert facts["source"] == "sample"
    # Conv 32, 64, 128 and two heads; the same mirrored: only the heads depend on the size.
    latent = facts["latent_dim"]
    assert facts["encoder_parameters"] == 100_868 + (latent - 2) * 2 * (2048 + 1)
    assert facts["decoder_parameters"] == 246_273 + (latent - 2) * 2048
    assert facts["effective_beta"] == 1.0
    assert facts["implied_sigma"] is None


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["run", "nosuch"], "error: config: got 'nosuch', allowed: "),
        (["run", "sample", "--set", "model.beta=x"], "error: model.beta: got 'x', allowed: a num"),
        (["run", "sample", "--root", "file"], "error: --root: file is not a directory"),
    ],
)
def test_wrong_calls_are_one_line_and_status_2(tmp_path, arguments, line):
    (tmp_path / "file").touch()
    shown = latentforge(*arguments, cwd=tmp_path)
    assert shown.returncode == 2
    assert shown.stderr.startswith(line) and len(shown.stderr.splitlines()) == 1


@pytest.mark.e2e
def test_input_that_is_not_there_is_found_before_the_dag_starts(tmp_path):
    shown = latentforge("run", "quickdraw", "--set", "data.input=no/*.bin", cwd=tmp_path)
    assert shown.returncode == 2
    assert shown.stderr.startswith("error: data.input: no file matches")
    assert summary(tmp_path / "runs" / "quickdraw")["state"] == "failed"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A directory where `run sample` has been called, and what it said."""
    folder = tmp_path_factory.mktemp("cli")
    return folder, latentforge("run", "sample", *sets(), cwd=folder)


@pytest.mark.e2e
def test_a_run_shows_its_nodes_and_where_things_are_and_no_noise(finished):
    folder, shown = finished
    assert shown.returncode == 0, shown.stderr
    assert shown.stderr == ""
    lines = shown.stdout.splitlines()
    assert lines[0] == "latentforge run tiny → runs/tiny"
    for node in ("ExamplePreparation", "Trainer", "LatentEvaluator", "Pusher"):
        assert any(line.startswith(f"✓ {node} ") and " done " in line for line in lines), node
    assert any("epoch 1/1" in line for line in lines)
    assert lines[-4].startswith("report          runs/tiny/artifacts/LatentEvaluator/evaluation/")
    assert lines[-3].startswith("contact sheet   runs/tiny/artifacts/LatentEvaluator/evaluation/")
    assert (folder / lines[-3].split()[-1]).is_file()
    assert lines[-1].startswith("pushed decoder ")
    told = summary(folder / "runs" / "tiny")
    assert told["state"] == "done"
    assert (folder / told["log"]).stat().st_size > 0
    # nothing of the libraries: no log line, no warning, no traceback
    for noise in ("WARNING", "INFO", "Traceback", "tensorflow", "absl"):
        assert noise not in shown.stdout


@pytest.mark.e2e
def test_a_failing_node_is_named_with_cause_and_log(finished):
    folder, _ = finished
    shown = latentforge("run", "sample", *sets("train.batch_size=1000"), cwd=folder)
    assert shown.returncode == 2  # the data has fewer images than that: wrong input
    error, log = shown.stderr.splitlines()
    assert error.startswith("error: Trainer: train.batch_size: got 1000, allowed: at most")
    assert "Traceback" in (folder / log.removeprefix("log: ")).read_text()
    told = summary(folder / "runs" / "tiny")
    assert told["state"] == "failed" and told["nodes"]["Trainer"]["state"] == "failed"
    assert told["error"] in error


@pytest.mark.e2e
def test_a_failure_of_the_program_is_status_1(finished):
    folder, _ = finished
    checkpoints = folder / "runs" / "tiny" / "checkpoints"
    if checkpoints.is_dir():
        checkpoints.rmdir()
    checkpoints.write_text("in the way")
    shown = latentforge("run", "sample", *sets("train.seed=9"), cwd=folder)
    checkpoints.unlink()
    assert shown.returncode == 1
    assert shown.stderr.startswith("error: Trainer: ") and len(shown.stderr.splitlines()) == 2
    assert "Traceback" not in shown.stdout + shown.stderr


@pytest.mark.e2e
def test_an_interrupted_run_says_so_and_the_same_command_goes_on(finished):
    folder, _ = finished
    command = [*COMMAND, "run", "sample", *sets("train.epochs=100000", "train.seed=2")]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests themselves run in the background, their children ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        try:
            assert any("epoch 2/" in line for line in process.stdout)
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            _, error = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert error.startswith("interrupted; the same command goes on") and "Traceback" not in error
    assert time.monotonic() - began < 30
    assert summary(folder / "runs" / "tiny")["state"] == "interrupted"


@pytest.mark.e2e
def test_two_runs_in_one_root_are_refused(finished):
    import fcntl

    folder, _ = finished
    with open(folder / "runs" / "tiny" / ".lock", "w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shown = latentforge("run", "sample", *sets(), cwd=folder)
    assert shown.returncode == 2
    assert "another run is using" in shown.stderr
