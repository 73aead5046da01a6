"""The order of trials, undisturbed and after kills."""

import pytest

from data_prep.config_base import parse
from trainer.tuning.config import TunerConfig
from trainer.tuning.oracles import make_oracle

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
