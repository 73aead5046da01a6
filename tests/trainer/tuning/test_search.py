"""Searches whose trials cost nothing: what is tried, kept, repeated and told."""

import dataclasses
import json
import logging
import os

import numpy as np
import pytest

from data_prep.config_base import parse
from trainer.config import TrainerConfig
from trainer.training.progress import LOGGER
from trainer.tuning import search as module
from trainer.tuning.config import SearchSpec, TunerConfig
from trainer.tuning.search import ProcessTuner, SearchFailed, search_directory
from trainer.tuning.trial_store import Trial, ranked, read_repeats, read_trials

SPACE = {"beta": {"min": 0.1, "max": 10, "scale": "log"}, "latent_dim": {"choices": [2, 4, 8]}}


def plan_at(folder, **values):
    config = {"algorithm": "random", "max_trials": 6, "epochs": 4, "space": SPACE}
    config |= {"repeat_best": 0, **values}
    return SearchSpec(
        directory=str(folder / "trials" / "abc"),
        arrays=str(folder),
        config=TrainerConfig(),
        tuner=parse(TunerConfig, config, "tuner"),
    )


LUCK = (0.0, 0.5, -0.25)  # of the trial, its first and its second repeat


class Trials:
    """Stands in for the processes: writes results, and counts."""

    def __init__(self, monkeypatch, fail=(), interrupt_at=None):
        self.run_for = []
        self.fail, self.interrupt_at = fail, interrupt_at
        monkeypatch.setattr(module, "run_trial", self)

    def __call__(self, directory, arrays, *, minutes):
        path = os.path.join(directory, "result.json")
        if os.path.exists(path):
            with open(path) as file:
                return json.load(file)
        number = len(self.run_for)
        if number == self.interrupt_at:
            raise KeyboardInterrupt
        with open(os.path.join(directory, "request.json")) as file:
            request = json.load(file)
        self.run_for.append(request)
        open(os.path.join(directory, "checkpoint.npz"), "w").close()
        result = {"state": "failed", "message": "out of memory: no details", "seconds": 1.0}
        if number not in self.fail:
            score = abs(request["values"]["beta"] - 1) + request["values"].get("latent_dim", 0)
            score += LUCK[request.get("repeat", 0)]
            result = {
                "state": "completed",
                "score": score,
                "metrics": {"val_kl_loss": score},
                "epochs": request["epochs"],
                "seconds": 1.5,
                "message": "",
            }
        with open(path, "w") as file:
            json.dump(result, file)
        return result


def rows(search):
    return [(t.number, t.state, t.values, t.score) for t in search.trials()]


def test_an_interrupted_search_goes_on_and_repeats_nothing(tmp_path, monkeypatch):
    Trials(monkeypatch)
    whole = ProcessTuner(plan_at(tmp_path / "whole"))
    whole.search()

    first = Trials(monkeypatch, interrupt_at=3)
    with pytest.raises(KeyboardInterrupt):
        ProcessTuner(plan_at(tmp_path)).search()
    second = Trials(monkeypatch)
    again = ProcessTuner(plan_at(tmp_path))
    again.search()
    assert (len(first.run_for), len(second.run_for)) == (3, 3)
    assert rows(again) == rows(whole) and len(rows(whole)) == 6
    best = again.get_best_hyperparameters()[0].values
    assert best["beta"] == pytest.approx(rows(again)[0][2]["beta"], rel=1e-5)


def test_failed_trials_are_kept_and_the_search_goes_on(tmp_path, monkeypatch):
    Trials(monkeypatch, fail=(0, 1, 2, 3))
    search = ProcessTuner(plan_at(tmp_path))
    search.search()
    assert [t.state for t in search.trials()] == ["completed"] * 2 + ["failed"] * 4
    assert search.trials()[-1].message == "out of memory: no details"
    again = Trials(monkeypatch)
    ProcessTuner(plan_at(tmp_path)).search()
    assert not again.run_for  # they have had their turn


def test_a_search_without_any_result_fails_and_says_why(tmp_path, monkeypatch):
    Trials(monkeypatch, fail=range(6))
    with pytest.raises(SearchFailed, match="all 6 trials failed, the first: out of memory"):
        ProcessTuner(plan_at(tmp_path)).search()


def test_more_trials_and_more_workers_go_on_where_it_ended(tmp_path, monkeypatch):
    Trials(monkeypatch)
    ProcessTuner(plan_at(tmp_path, max_trials=2)).search()
    more = Trials(monkeypatch)
    search = ProcessTuner(plan_at(tmp_path, max_trials=5, trial_minutes=3))
    search.search()
    assert len(more.run_for) == 3 and len(search.trials()) == 5


def test_a_request_says_everything_about_a_trial(tmp_path, monkeypatch):
    trials = Trials(monkeypatch)
    ProcessTuner(plan_at(tmp_path)).search()
    request = trials.run_for[0]
    settings = TrainerConfig.from_json(request["settings"])
    assert settings.model.beta == request["values"]["beta"]
    assert settings.model.latent_dim == request["values"]["latent_dim"]
    assert (request["epochs"], request["goes_on_from"]) == (4, None)


def test_hyperband_trains_the_best_on_from_where_they_stand(tmp_path, monkeypatch):
    trials = Trials(monkeypatch)
    search = ProcessTuner(plan_at(tmp_path, algorithm="hyperband", epochs=9, max_trials=13))
    search.search()
    epochs = [request["epochs"] for request in trials.run_for]
    assert epochs == [1] * 9 + [3] * 3 + [9]
    first = {r["values"]["beta"]: n for n, r in enumerate(trials.run_for[:9])}
    for request in trials.run_for[9:12]:
        number = first[request["values"]["beta"]]
        assert request["goes_on_from"].endswith(f"trial_{number:02}")
    scores = sorted(t.score for t in read_trials(search.search_spec.directory)[:9])
    promoted = sorted(t.score for t in read_trials(search.search_spec.directory)[9:12])
    assert promoted == scores[:3]


def test_what_is_big_goes_when_the_search_is_over(tmp_path, monkeypatch):
    Trials(monkeypatch)
    search = ProcessTuner(plan_at(tmp_path))
    search.search()
    left = {name for trial in search.trials() for name in os.listdir(trial.directory)}
    assert left == {"trial.json", "request.json", "result.json"}


def test_the_directory_is_named_by_space_data_and_code(tmp_path):
    plan = plan_at(tmp_path)
    parts = {"settings": "s", "code": "c", "data": "d"}
    one = search_directory("root", plan.tuner, **parts)
    assert one == search_directory("root", plan_at(tmp_path, max_trials=99).tuner, **parts)
    others = [search_directory("root", plan.tuner, **{**parts, name: "x"}) for name in parts]
    others += [
        search_directory("root", plan_at(tmp_path, **changed).tuner, **parts)
        for changed in ({"seed": 4}, {"objective": "val_elbo"}, {"data_fraction": 0.5})
    ]
    assert len({one, *others}) == 7


REPEATS = {"repeat_best": 3, "repeat_seeds": 2}


def stood(search):
    return [(s.trial.number, s.runs, s.mean, s.chosen) for s in search.selection().standings]


def test_the_best_are_repeated_with_other_seeds_and_the_same_everything_else(tmp_path, monkeypatch):
    trials = Trials(monkeypatch)
    search = ProcessTuner(plan_at(tmp_path, seed=5, **REPEATS))
    search.search()
    requests = trials.run_for
    assert [request.get("repeat", 0) for request in requests] == [0] * 6 + [1] * 3 + [2] * 3
    best = [trial.values for trial in search.trials()[:3]]
    assert [request["values"] for request in requests[6:9]] == best
    for repeat in requests[6:]:
        (trial,) = [r for r in requests[:6] if r["values"] == repeat["values"]]
        number = repeat["repeat"]
        config = TrainerConfig.from_json(repeat["settings"])
        assert config.train.seed == number and repeat["tuner"]["seed"] == 5 + number
        seeded = dataclasses.replace(config, train=dataclasses.replace(config.train, seed=0))
        alike = {"settings": seeded.to_json(), "tuner": {**repeat["tuner"], "seed": 5}}
        assert {**repeat, **alike} == {**trial, "repeat": number}
    found = search.selection()
    assert [standing.runs for standing in found.standings] == [3, 3, 3, 1, 1, 1]
    for standing in found.standings[:3]:
        assert standing.mean == pytest.approx(standing.trial.score + sum(LUCK) / 3)
    assert found.noise == pytest.approx(np.std(LUCK, ddof=1))
    assert len(read_repeats(search.search_spec.directory)) == 6
    assert not list(tmp_path.rglob("checkpoint.npz"))


def test_the_chosen_trial_is_what_the_trainer_gets(tmp_path, monkeypatch):
    Trials(monkeypatch)
    space = {"beta": {"choices": [0.9, 1.2]}}  # which score .1 and .2, with an error of .22
    search = ProcessTuner(plan_at(tmp_path, max_trials=2, space=space, **REPEATS))
    search.search()
    assert [trial.values["beta"] for trial in search.trials()] == [0.9, 1.2]
    assert search.selection().chosen.trial.values["beta"] == 1.2  # the simpler
    assert [found.values["beta"] for found in search.get_best_hyperparameters(2)] == [1.2, 0.9]


@pytest.mark.parametrize("interrupt_at", [6, 8, 11])
def test_interrupted_repeats_go_on_and_none_is_run_twice(tmp_path, monkeypatch, interrupt_at):
    Trials(monkeypatch)
    whole = ProcessTuner(plan_at(tmp_path / "whole", **REPEATS))
    whole.search()

    first = Trials(monkeypatch, interrupt_at=interrupt_at)
    with pytest.raises(KeyboardInterrupt):
        ProcessTuner(plan_at(tmp_path, **REPEATS)).search()
    second = Trials(monkeypatch)
    again = ProcessTuner(plan_at(tmp_path, **REPEATS))
    again.search()
    assert (len(first.run_for), len(second.run_for)) == (interrupt_at, 12 - interrupt_at)
    assert stood(again) == stood(whole)
    third = Trials(monkeypatch)
    ProcessTuner(plan_at(tmp_path, **REPEATS)).search()
    assert not third.run_for


def test_other_repeats_keep_what_is_finished(tmp_path, monkeypatch):
    Trials(monkeypatch)
    ProcessTuner(plan_at(tmp_path, repeat_best=2, repeat_seeds=1)).search()
    more = Trials(monkeypatch)
    search = ProcessTuner(plan_at(tmp_path, repeat_best=3, repeat_seeds=2))
    search.search()
    assert sorted(request["repeat"] for request in more.run_for) == [1, 2, 2, 2]
    less = Trials(monkeypatch)
    search = ProcessTuner(plan_at(tmp_path, repeat_best=2, repeat_seeds=1))
    search.search()
    assert not less.run_for
    assert [standing.runs for standing in search.selection().standings] == [2, 2, 1, 1, 1, 1]
    more = Trials(monkeypatch)
    search = ProcessTuner(plan_at(tmp_path, max_trials=9, repeat_best=2, repeat_seeds=1))
    search.search()
    asked = [request.get("repeat", 0) for request in more.run_for]
    assert asked[:3] == [0, 0, 0] and len(asked) <= 5 and set(asked[3:]) <= {1}


def test_a_repeat_that_fails_is_kept_and_the_search_goes_on(tmp_path, monkeypatch):
    Trials(monkeypatch, fail=(6,))
    search = ProcessTuner(plan_at(tmp_path, **REPEATS))
    search.search()
    (failed,) = [each for each in read_repeats(search.search_spec.directory) if not each.score]
    standing = search.selection().standings[2]
    assert (standing.trial.number, standing.failed_runs) == (failed.number, 1)
    assert failed.message == "out of memory: no details"


def test_what_hyperband_trained_on_is_repeated_from_the_beginning(tmp_path, monkeypatch):
    trials = Trials(monkeypatch)
    values = {"algorithm": "hyperband", "epochs": 9, "max_trials": 13}
    ProcessTuner(plan_at(tmp_path, **values, repeat_best=2, repeat_seeds=1)).search()
    repeats = [request for request in trials.run_for if "repeat" in request]
    assert len(repeats) == 2 and all(request["goes_on_from"] is None for request in repeats)
    assert repeats[0]["values"] != repeats[1]["values"]


def test_it_tells_of_every_trial_once(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO, LOGGER.name)
    Trials(monkeypatch, fail=(1,))
    ProcessTuner(plan_at(tmp_path, max_trials=3)).search()
    told = [record.search for record in caplog.records if hasattr(record, "search")]
    assert sorted(trial.number for search in told for trial in search.ended) == [1, 2, 3]
    assert told[-1].selection.standings[-1].trial.state == "failed"
    assert "trial 2/3  failed  beta " in caplog.text and "out of memory" in caplog.text


def test_it_tells_of_every_repeat_once(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO, LOGGER.name)
    Trials(monkeypatch)
    ProcessTuner(plan_at(tmp_path, max_trials=3, repeat_best=2, repeat_seeds=2)).search()
    told = [record.search for record in caplog.records if hasattr(record, "search")]
    ended = [(run.number, run.repeat) for search in told for run in search.ended]
    assert len(ended) == len(set(ended)) == 7
    assert told[-1].is_over and told[-1].max_repeats == 4
    assert "repeat 2/2 of trial " in caplog.text


def test_a_plan_survives_its_way_to_another_process(tmp_path):
    plan = plan_at(tmp_path)
    assert SearchSpec.from_json(plan.to_json()) == plan


def test_ranks():
    trials = [
        Trial(number=number, state="completed", values={}, score=score)
        for number, score in enumerate((3.0, None, 0.0, -1.0, 3.0), start=1)
    ]
    assert [t.number for t in ranked(trials, maximize=False)] == [4, 3, 1, 5, 2]
    assert [t.number for t in ranked(trials, maximize=True)] == [1, 5, 3, 4, 2]
