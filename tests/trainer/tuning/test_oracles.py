"""The order of trials, undisturbed and after kills."""

import json
from functools import partial

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from data_prep.config_base import parse
from trainer.tuning.config import TunerConfig
from trainer.tuning.oracles import NoisyProcess, make_oracle
from trainer.tuning.repeats import REPEAT, REPEAT_OF

SPACE = {"beta": {"min": 0.1, "max": 10, "scale": "log"}, "latent_dim": {"choices": [2, 4, 8]}}


def oracle_at(folder, **values):
    config = {"max_trials": 7, "initial_trials": 6, "epochs": 3, "space": SPACE, **values}
    oracle = make_oracle(parse(TunerConfig, config))
    oracle._set_project_dir(str(folder), "search")
    oracle.verbose = 0
    if (folder / "search" / "oracle.json").exists():
        oracle.reload()
    return oracle


def next_trial(oracle):
    trial = oracle.create_trial("tuner0")
    return None if trial.status == "STOPPED" else trial


def end(oracle, trial, failed=False):
    if failed:
        trial.status = "FAILED"
    else:
        values = trial.hyperparameters.values
        score = abs(values["beta"] - 1.3) + values["latent_dim"] / 20
        oracle.update_trial(trial.trial_id, {oracle.objective.name: score})
        trial.status = "COMPLETED"
    oracle.end_trial(trial)


def run(oracle, count=None):
    """How many there were."""
    done = 0
    while done != count and (trial := next_trial(oracle)):
        end(oracle, trial)
        done += 1
    return done


def trials_of(oracle):
    return [(t.trial_id, t.hyperparameters.values, t.score) for t in oracle.trials.values()]


@pytest.mark.parametrize("algorithm", ["random", "hyperband", "bayesian"])
def test_a_search_killed_half_way_tries_the_same(algorithm, tmp_path):
    whole = oracle_at(tmp_path / "whole", algorithm=algorithm)
    run(whole)
    assert len(whole.trials) == 7

    folder = tmp_path / "killed"
    first = oracle_at(folder, algorithm=algorithm)
    run(first, 3)
    next_trial(first)  # killed while it runs
    again = oracle_at(folder, algorithm=algorithm)
    run(again, 3)  # killed between two
    third = oracle_at(folder, algorithm=algorithm)
    left = run(third)
    assert left == 1
    assert trials_of(third) == trials_of(whole)


def test_a_trial_whose_end_came_before_the_state_is_not_run_again(tmp_path):
    """A kill between the two files that keras-tuner writes."""
    oracle = oracle_at(tmp_path, algorithm="random")
    run(oracle, 1)
    trial = next_trial(oracle)
    state = (tmp_path / "search" / "oracle.json").read_text()
    end(oracle, trial)
    (tmp_path / "search" / "oracle.json").write_text(state)
    again = oracle_at(tmp_path, algorithm="random")
    assert again.trials["1"].score == oracle.trials["1"].score
    assert again.end_order == ["0", "1"]
    assert next_trial(again).trial_id == "2"


def test_another_seed_tries_something_else(tmp_path):
    one, other = (oracle_at(tmp_path / str(seed), seed=seed) for seed in (0, 1))
    run(one, 2)
    run(other, 2)
    assert trials_of(one)[0][1] != trials_of(other)[0][1]


def test_a_trial_whose_record_came_before_the_state_does_not_count(tmp_path):
    """A kill between the two files that keras-tuner writes."""
    oracle = oracle_at(tmp_path, algorithm="random")
    run(oracle, 2)
    state = (tmp_path / "search" / "oracle.json").read_text()
    began = next_trial(oracle)
    (tmp_path / "search" / "oracle.json").write_text(state)
    again = oracle_at(tmp_path, algorithm="random")
    assert len(again.trials) == 2
    assert next_trial(again).hyperparameters.values == began.hyperparameters.values


def test_more_trials_go_on_where_fewer_ended(tmp_path):
    run(oracle_at(tmp_path, algorithm="random", max_trials=3))
    more = oracle_at(tmp_path, algorithm="random", max_trials=5)
    run(more)
    whole = oracle_at(tmp_path / "whole", algorithm="random", max_trials=5)
    run(whole)
    assert trials_of(more) == trials_of(whole)


def test_bayesian_tries_nothing_twice_where_there_are_few_choices(tmp_path):
    space = {"beta": {"choices": [0.5, 1, 2]}, "latent_dim": {"choices": [2, 4]}}
    oracle = oracle_at(tmp_path, space=space, initial_trials=5, max_trials=6)
    run(oracle)
    tried = [tuple(values.values()) for _, values, _ in trials_of(oracle)]
    assert len(set(tried)) == len(tried) == 6


def test_however_many_fail_in_a_row_it_goes_on(tmp_path):
    oracle = oracle_at(tmp_path, algorithm="random")
    for _ in range(6):
        end(oracle, next_trial(oracle), failed=True)
    end(oracle, next_trial(oracle))
    assert next_trial(oracle) is None
    assert oracle.get_best_trials()[0].trial_id == "6"


def test_whole_numbers_stay_whole_and_ranges_are_kept(tmp_path):
    space = {
        "latent_dim": {"min": 4, "max": 64, "scale": "log"},
        "batch_size": {"min": 16, "max": 64, "step": 16},
        "beta": {"min": 1, "max": 8, "scale": "log", "step": 2},
        "learning_rate": {"min": 0.001, "max": 0.01},
    }
    oracle = oracle_at(tmp_path, algorithm="random", space=space, max_trials=40)
    seen = []
    while trial := next_trial(oracle):
        seen.append(trial.hyperparameters.values)
        trial.status = "FAILED"
        oracle.end_trial(trial)
    assert {values["batch_size"] for values in seen} == {16, 32, 48, 64}
    assert {values["beta"] for values in seen} == {1, 2, 4, 8}
    dims = [values["latent_dim"] for values in seen]
    assert all(isinstance(dim, int) and 4 <= dim <= 64 for dim in dims)
    assert sum(dim < 16 for dim in dims) > 10  # half of them on a log scale
    assert all(0.001 <= values["learning_rate"] <= 0.01 for values in seen)


make = partial(
    GaussianProcessRegressor,
    Matern(nu=2.5),
    normalize_y=True,
    n_restarts_optimizer=4,
    random_state=0,
)


def stored(oracle, folder, *scores):
    """Ends a trial for each score, with the files of its process."""
    for score in scores:
        trial = next_trial(oracle)
        directory = folder / "search" / f"trial_{trial.trial_id}"
        request = {"values": trial.hyperparameters.values}
        (directory / "request.json").write_text(json.dumps(request))
        result = {"state": "completed", "score": score}
        (directory / "result.json").write_text(json.dumps(result))
        end(oracle, trial)


def test_workers_share_the_repeats_once_all_trials_are_over(tmp_path):
    values = {"max_trials": 4, "repeat_best": 2, "repeat_seeds": 2}
    oracle = oracle_at(tmp_path, algorithm="random", **values)
    stored(oracle, tmp_path, 3.0, 1.0, 2.0)
    last = oracle.create_trial("one")
    waiting = oracle.create_trial("two")
    assert waiting.status == "IDLE" and "two" in oracle.tuner_ids  # the best are not known yet
    directory = tmp_path / "search" / f"trial_{last.trial_id}"
    (directory / "request.json").write_text(json.dumps({"values": last.hyperparameters.values}))
    (directory / "result.json").write_text(json.dumps({"state": "completed", "score": 0.5}))
    end(oracle, last)

    first, second = oracle.create_trial("two"), oracle.create_trial("one")
    assert [first.trial_id, second.trial_id] == ["3_1", "1_1"]
    assert oracle.create_trial("two") is first  # it asks again, as after a lost answer
    assert first.hyperparameters.values == {REPEAT_OF: "3", REPEAT: 1}
    assert oracle.get_trial("3_1") is first and oracle.get_trial("3") is last
    oracle.update_trial("3_1", {oracle.objective.name: 9.0})
    first.status = "FAILED"
    oracle.end_trial(first)
    third = oracle.create_trial("two")
    assert third.trial_id == "3_2"
    oracle.end_trial(second)
    assert oracle.create_trial("one").trial_id == "1_2"
    oracle.end_trial(third)
    assert oracle.create_trial("two").status == "STOPPED" and "two" not in oracle.tuner_ids
    assert len(oracle.trials) == 4  # repeats are none
    again = oracle_at(tmp_path, algorithm="random", **values)
    assert again.create_trial("one").trial_id == "3_1"  # whose result is found by its process


def test_the_gaussian_process_takes_a_lucky_score_for_luck():
    """One score is lower than the truth by 1.5, where the noise of all has deviation .3."""
    x = np.linspace(0, 1, 15)[:, None]
    truth = 10 * np.square(x[:, 0] - 0.5)

    def error(process, seed):
        y = truth + np.random.default_rng(seed).normal(0, 0.3, 15)
        y[12] = truth[12] - 1.5
        return truth[12] - process.fit(x, y).predict(x[12:13], return_std=True)[0][0]

    def mean_error(process):
        return np.mean([error(process, seed) for seed in range(6)])

    assert mean_error(make(alpha=1e-4)) == pytest.approx(1.5, abs=0.02)  # keras-tuner's
    estimated, known = (mean_error(NoisyProcess(make, noise)) for noise in (0.0, 0.6))
    assert known < 0.6 and known < estimated < 1.2


def test_the_noise_of_the_process_is_on_the_scale_of_the_scores():
    x = np.linspace(0, 1, 12)[:, None]
    y = 500 + 100 * np.sin(6 * x[:, 0])
    process = NoisyProcess(make, 20.0).fit(x, y)
    assert process.fitted.alpha == pytest.approx(400 / np.var(y))
    assert NoisyProcess(make, 0.0).fit(x, y).fitted.alpha <= 0.01
    assert NoisyProcess(make, 5.0).fit(x, np.ones(12)).fitted.alpha == NoisyProcess.ALPHAS[0]


def test_the_search_gives_its_process_the_noise(tmp_path):
    oracle = oracle_at(tmp_path, noise=0.25)
    assert isinstance(oracle.gpr, NoisyProcess) and oracle.gpr.noise == 0.25
    run(oracle, 1)
    assert oracle_at(tmp_path, noise=0.25).gpr.noise == 0.25
