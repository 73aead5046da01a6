"""keras-tuner's tuner, whose trials are processes and whose workers may be several.

When all trials are over, the best are repeated with other seeds; see `trainer.tuning.repeats`.
"""

from __future__ import annotations

import os
import time
from typing import Any

import tensorflow as tf
from keras_tuner import errors
from keras_tuner.engine import base_tuner
from keras_tuner.src.distribute import utils as distribution

from data_prep.config_base import to_dict
from trainer.config.hyperparameters import searched_values, with_values
from trainer.training.checkpoints import CHECKPOINT, checkpoint_directory
from trainer.training.json_files import read_json, write_json
from trainer.tuning import trial_store
from trainer.tuning.config import OBJECTIVES, SearchSpec, TunerConfig
from trainer.tuning.distributed import run_distributed
from trainer.tuning.monitor import watching
from trainer.tuning.oracles import make_oracle
from trainer.tuning.repeats import repeat_of
from trainer.tuning.selection import Selection, select
from trainer.tuning.trial_process import run_trial
from trainer.tuning.trial_store import Trial, ranked, read_repeats, read_trials, trial_directory


def search_directory(root: str, tuner: TunerConfig, **parts: Any) -> str:
    """Returns <root>/<hash of the space, and of the data, code and config in `parts`>."""
    return checkpoint_directory(root, tuner=to_dict(tuner.of_trials()), **parts)


class SearchFailed(RuntimeError):
    """The error of a search without one completed trial."""


class ProcessTuner(base_tuner.BaseTuner):
    """A tuner that runs each trial as a process, `parallel_trials` of them at a time."""

    def __init__(self, search_spec: SearchSpec) -> None:
        self.search_spec = search_spec
        super().__init__(
            make_oracle(search_spec.tuner),
            directory=os.path.dirname(search_spec.directory),
            project_name=os.path.basename(search_spec.directory),
        )

    def search(self, *fit_args: Any, **fit_kwargs: Any) -> None:
        if distribution.has_chief_oracle():  # this process is one of several already
            super().search(*fit_args, **fit_kwargs)
            return
        self.oracle.verbose = 0
        with watching(self.search_spec.directory, self.search_spec.tuner):
            if self.search_spec.tuner.parallel_trials > 1:
                run_distributed(self.search_spec.to_json(), self.search_spec.tuner.parallel_trials)
                self.oracle.reload()
            else:
                super().search(*fit_args, **fit_kwargs)
        self.check()
        for trial in (*self.trials(), *read_repeats(self.search_spec.directory)):
            _remove(trial.directory, CHECKPOINT)

    def check(self) -> None:
        """Raises SearchFailed where every trial failed."""
        trials = self.trials()
        if not any(trial.state == trial_store.COMPLETED for trial in trials):
            reason = trials[0].message if trials else "there is nothing to try"
            raise SearchFailed(
                f"all {len(trials)} trials failed, the first: {reason} "
                f"(their logs, to be removed before another try: {self.search_spec.directory})"
            )

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> dict[str, float]:
        values = trial.hyperparameters.values
        repeat = repeat_of(self.search_spec.directory, values)
        directory, request = repeat or (
            trial_directory(self.search_spec.directory, trial.trial_id),
            self._request(values),
        )
        if read_json(os.path.join(directory, trial_store.REQUEST)) != request:
            # A killed search has begun it with other values.
            _remove(directory, *trial_store.WRITTEN, CHECKPOINT)
            write_json(os.path.join(directory, trial_store.REQUEST), request, sort_keys=True)
        minutes = self.search_spec.tuner.trial_minutes
        result = run_trial(directory, self.search_spec.arrays, minutes=minutes)
        if result["state"] != trial_store.COMPLETED:
            raise errors.FailedTrialError(result["message"])
        return {self.search_spec.tuner.objective: result["score"]}

    def pre_create_trial(self) -> None:
        """Waits, since a worker whose oracle has nothing to try yet asks again at once."""
        if distribution.has_chief_oracle():
            time.sleep(0.2)

    def trials(self) -> list[Trial]:
        """Returns all trials by their own scores, the best first."""
        maximize = OBJECTIVES[self.search_spec.tuner.objective]
        return ranked(read_trials(self.search_spec.directory), maximize)

    def selection(self) -> Selection:
        """Returns all trials by the means of their runs, with the chosen one among them."""
        directory = self.search_spec.directory
        return select(read_trials(directory), read_repeats(directory), self.search_spec.tuner)

    def get_best_hyperparameters(self, num_trials: int = 1) -> list[Any]:
        """Returns the hyper-parameters of the chosen trial, then those of the others in order."""
        standings = sorted(self.selection().standings, key=lambda each: not each.chosen)
        trials = [self.oracle.get_trial(each.trial.id) for each in standings if each.runs]
        return [trial.hyperparameters for trial in trials[:num_trials]]

    def _request(self, values: dict[str, Any]) -> dict[str, Any]:
        """Returns the content of request.json. Hyperband's own values are named tuner/..."""
        epochs = values.get("tuner/epochs", self.search_spec.tuner.epochs)
        earlier = values.get("tuner/trial_id")
        return {
            "values": searched_values(values),
            "settings": with_values(self.search_spec.config, values).to_json(),
            "tuner": to_dict(self.search_spec.tuner.of_trials()),
            "epochs": epochs,
            "goes_on_from": earlier and trial_directory(self.search_spec.directory, earlier),
        }

    # The oracle's state is all there is; every process finds it under one name.

    def save(self) -> None:
        if not self._is_worker():
            self.oracle.save()

    def reload(self) -> None:
        self.oracle.reload()

    def _get_tuner_fname(self) -> str:
        return os.path.join(self.search_spec.directory, "oracle.json")


def _remove(directory: str, *names: str) -> None:
    for path in (os.path.join(directory, name) for name in names):
        if tf.io.gfile.exists(path):
            tf.io.gfile.remove(path)
