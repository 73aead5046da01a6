"""Real trials in real processes: killed, diverging, and two at a time."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from data_prep.config_base import parse
from trainer.tuning import trial as trial_module
from trainer.tuning.config import SearchSpec, TunerConfig
from trainer.tuning.oracles import make_oracle
from trainer.tuning.search import ProcessTuner
from trainer.tuning.trial_process import ROOT
from trainer.tuning.trial_store import read_repeats, read_trials

pytestmark = pytest.mark.slow
SCRIPT = (
    "import sys\n"
    "from trainer.tuning.config import SearchSpec\n"
    "from trainer.tuning.search import ProcessTuner\n"
    "ProcessTuner(SearchSpec.from_json(open(sys.argv[1]).read())).search()"
)


@pytest.fixture
def plan_for(prepared, tiny_config, tmp_path):
    arrays = tmp_path / "arrays"
    for split in ("train", "eval"):
        (arrays / split).mkdir(parents=True)
        np.save(arrays / split / "image.npy", prepared.images[split])

    def build(**values):
        config = parse(
            TunerConfig, {"algorithm": "random", "epochs": 3, "repeat_seeds": 1, **values}, "tuner"
        )
        return SearchSpec(
            directory=str(tmp_path / "trials" / "abc"),
            arrays=str(arrays),
            config=config.trial_config(tiny_config(latent_dim=2)),
            tuner=config,
        )

    return build


def test_a_killed_search_goes_on_to_the_same_trials_and_a_diverging_one_has_failed(
    plan_for, tmp_path
):
    rates = {"learning_rate": {"choices": [0.001, 0.01, 10]}}
    plan = plan_for(max_trials=3, space=rates, seed=2, repeat_best=1)
    (tmp_path / "plan.json").write_text(plan.to_json())
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "plan.json")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        second = os.path.join(plan.directory, "trial_1", "request.json")
        until = time.monotonic() + 300
        while not os.path.exists(second) and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    (first,) = [trial for trial in read_trials(plan.directory) if trial.state != "running"]
    written = os.stat(os.path.join(first.directory, "result.json")).st_mtime_ns

    search = ProcessTuner(plan)
    search.search()
    assert os.stat(os.path.join(first.directory, "result.json")).st_mtime_ns == written
    found = {trial.values["learning_rate"]: trial for trial in search.trials()}
    assert [found[rate].state for rate in (0.001, 0.01, 10)] == ["completed"] * 2 + ["failed"]
    assert "diverged" in found[10].message or "not finite" in found[10].message
    assert search.get_best_hyperparameters()[0].values["learning_rate"] != 10
    (repeat,) = read_repeats(plan.directory)  # the same training with other random numbers
    best = search.trials()[0]
    assert repeat.state == "completed" and repeat.values == best.values
    assert repeat.score == pytest.approx(best.score, rel=0.5) and repeat.score != best.score
    assert (search.selection().degrees_of_freedom, repeat.epochs) == (1, best.epochs)
    stopped = read_trials(plan.directory)[1]  # the one that ran when the search was killed
    assert stopped.values["learning_rate"] == 0.01
    alone = tmp_path / "undisturbed"
    alone.mkdir()
    with open(os.path.join(stopped.directory, "request.json")) as file:
        (alone / "request.json").write_text(file.read())
    result = trial_module.run(str(alone), plan.arrays)
    assert (result["metrics"], result["score"]) == (stopped.metrics, stopped.score)
    assert (alone / "strip.png").read_bytes().startswith(b"\x89PNG")


def test_two_workers_and_a_chief_try_what_one_would(plan_for):
    plan = plan_for(max_trials=2, parallel_trials=2, epochs=1, repeat_best=2)
    search = ProcessTuner(plan)
    search.search()
    trials = read_trials(plan.directory)

    def time_of(trial, name):
        return os.stat(os.path.join(trial.directory, name)).st_mtime_ns

    repeats = read_repeats(plan.directory)
    for runs in (trials, repeats):
        assert [run.state for run in runs] == ["completed"] * 2
        began = sorted(time_of(run, "request.json") for run in runs)
        assert began[1] < min(time_of(run, "result.json") for run in runs)  # side by side
    assert began[0] > max(time_of(trial, "result.json") for trial in trials)
    alone = make_oracle(plan.tuner)
    values = [alone.populate_space(str(number))["values"] for number in range(2)]
    for trial, expected in zip(trials, values, strict=True):
        assert trial.values == pytest.approx(expected, rel=1e-5)
    best = search.get_best_hyperparameters()[0].values
    assert search.selection().chosen.trial.values == pytest.approx(best, rel=1e-5)
    assert [standing.runs for standing in search.selection().standings] == [2, 2]
