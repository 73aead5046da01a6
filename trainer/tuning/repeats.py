"""Repeats: the best trials trained again with other seeds, handed out when all trials are over.

The oracle hands them out like trials, so that workers share them and each is a process. They do
not enter its state and so cannot change what is tried. After a kill all are handed out again, and
those whose result is there are not run again.
"""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from keras_tuner import synchronized
from keras_tuner.engine import trial as engine

from trainer.config import TrainerConfig
from trainer.training.json_files import read_json
from trainer.tuning.config import TunerConfig
from trainer.tuning.selection import to_repeat
from trainer.tuning.trial_store import REQUEST, read_trials, repeat_directory, trial_directory

REPEAT_OF, REPEAT = "tuner/repeat_of", "tuner/repeat"  # the values of a repeat: trial, number
SEEDS = 2**31 - 1  # seeds lie below


class Repeating:
    """A mixin before one of keras-tuner's oracles, which hands out repeats after the last trial.

    The best are known once all trials are over, until when workers without one wait. A repeat of
    the trial "03" is named "03_1".
    """

    def __init__(self, tuner: TunerConfig, **arguments: Any) -> None:
        self.tuner = tuner
        self._repeats: dict[str, engine.Trial] = {}  # handed out by this process
        self._running_repeats: dict[str, engine.Trial] = {}  # by the worker that runs it
        super().__init__(**arguments)

    @synchronized
    def create_trial(self: Any, tuner_id: str) -> engine.Trial:
        if tuner_id in self._running_repeats:
            return self._running_repeats[tuner_id]
        trial = super().create_trial(tuner_id)  # type: ignore[misc]
        if trial.status != engine.TrialStatus.STOPPED:
            return trial
        if self.ongoing_trials:
            trial.status = engine.TrialStatus.IDLE
        else:
            repeat = self._next_repeat()
            if repeat is None:
                return trial
            trial = self._running_repeats[tuner_id] = self._repeats[repeat.trial_id] = repeat
        self.tuner_ids.add(tuner_id)  # it was struck off as one that ends
        return trial

    @synchronized
    def get_trial(self: Any, trial_id: str) -> engine.Trial:
        if trial_id in self._repeats:
            return self._repeats[trial_id]
        return super().get_trial(trial_id)  # type: ignore[misc]

    @synchronized
    def update_trial(self: Any, trial_id: str, metrics: Any, step: int = 0) -> engine.Trial:
        if trial_id in self._repeats:  # its files say all that is to be known
            return self._repeats[trial_id]
        return super().update_trial(trial_id, metrics, step)  # type: ignore[misc]

    @synchronized
    def end_trial(self: Any, trial: engine.Trial) -> None:
        if trial.trial_id not in self._repeats:
            super().end_trial(trial)  # type: ignore[misc]
            return
        self._repeats[trial.trial_id].status = trial.status
        for tuner_id, running in list(self._running_repeats.items()):
            if running.trial_id == trial.trial_id:
                del self._running_repeats[tuner_id]

    def _next_repeat(self: Any) -> engine.Trial | None:
        """Returns a repeat that nobody has yet, first one of each trial, then another."""
        trials = to_repeat(read_trials(self._project_dir), self.tuner)
        for number in range(1, self.tuner.repeat_seeds + 1):
            for trial in trials:
                name = f"{trial.id}_{number}"
                if name not in self._repeats:
                    values = self.hyperparameters.copy()
                    values.values = {REPEAT_OF: trial.id, REPEAT: number}
                    return engine.Trial(hyperparameters=values, trial_id=name)
        return None


def repeat_of(search: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Returns the directory and the request of the repeat with these values; None for a trial.

    A repeat trains for as many epochs from the beginning, with the seeds of the training and of
    the measurement (noise of the prior, directions) raised by its number: each score then has all
    the noise that it has. The images stay the same.
    """
    if REPEAT_OF not in values:
        return None
    trial_id, number = str(values[REPEAT_OF]), int(values[REPEAT])
    request = read_json(os.path.join(trial_directory(search, trial_id), REQUEST))
    assert request is not None
    config, tuner = TrainerConfig.from_json(request["settings"]), request["tuner"]
    train = dataclasses.replace(config.train, seed=(config.train.seed + number) % SEEDS)
    return repeat_directory(search, trial_id, number), {
        **request,
        "settings": dataclasses.replace(config, train=train).to_json(),
        "tuner": {**tuner, "seed": (tuner["seed"] + number) % SEEDS},
        "goes_on_from": None,
        "repeat": number,
    }
