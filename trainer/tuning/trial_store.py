"""The files that each trial leaves behind, one directory a trial below the search's.

A repeat of a trial, with other seeds, has a directory of its own with the same files.

request.json   the values tried, the config, the epochs, the trial it goes on from
progress.json  the epoch it is in
result.json    state, metrics, seconds, message; it exists once the trial is over
strip.png      samples of the prior, side by side
checkpoint.npz the state of the training
"""

from __future__ import annotations

import dataclasses
import os
import re

import tensorflow as tf

from trainer.config.hyperparameters import Value, searched_values
from trainer.training.json_files import read_json

REQUEST, PROGRESS, RESULT = "request.json", "progress.json", "result.json"
STRIP = "strip.png"
WRITTEN = (RESULT, PROGRESS, STRIP)  # by a trial, beside its checkpoint
COMPLETED, FAILED, RUNNING, INTERRUPTED = "completed", "failed", "running", "interrupted"
_TRIAL = re.compile(r"trial_0*(\d+)/?")
_REPEAT = re.compile(r"repeat_0*(\d+)_(\d+)/?")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial of a search: a row of the table of trials.

    state: running (or interrupted, where nobody runs it), completed or failed.
    repeat: 0, or which repeat of the trial with this number it is.
    score: the objective; None until it is known.
    epochs: trained, those of the trial it went on from included.
    """

    number: int  # from 1, in the order of their beginning
    state: str
    values: dict[str, Value]
    score: float | None = None
    metrics: dict[str, float | None] = dataclasses.field(default_factory=dict)
    epochs: int = 0
    seconds: float = 0.0
    message: str = ""
    directory: str = ""
    repeat: int = 0

    @property
    def id(self) -> str:
        """Returns the name that keras-tuner has for the trial."""
        return os.path.basename(self.directory).removeprefix("trial_")


def trial_directory(search: str, trial_id: str) -> str:
    """Returns the directory of a trial, where keras-tuner keeps its files as well."""
    return os.path.join(search, f"trial_{trial_id}")


def repeat_directory(search: str, trial_id: str, repeat: int) -> str:
    """Returns the directory of the repeat of a trial, counted from 1."""
    return os.path.join(search, f"repeat_{trial_id}_{repeat}")


def read_trials(search: str) -> list[Trial]:
    """Reads all trials of a search, in the order of their beginning."""
    return _read_all(search, _TRIAL)


def read_repeats(search: str) -> list[Trial]:
    """Reads all repeats of a search, by the numbers of their trials and their own."""
    return _read_all(search, _REPEAT)


def ranked(trials: list[Trial], maximize: bool) -> list[Trial]:
    """Sorts trials: the best first, of equals the earlier, those without a score last."""
    sign = -1 if maximize else 1
    return sorted(trials, key=lambda t: (t.score is None, sign * (t.score or 0.0), t.number))


def _read_all(search: str, pattern: re.Pattern[str]) -> list[Trial]:
    directories = {
        tuple(map(int, match.groups())): os.path.join(search, name)
        for name in (tf.io.gfile.listdir(search) if tf.io.gfile.exists(search) else ())
        if (match := pattern.fullmatch(name))
    }
    trials = [_read(*place, directory=directories[place]) for place in sorted(directories)]
    return [trial for trial in trials if trial is not None]


def _read(number: int, repeat: int = 0, *, directory: str) -> Trial | None:
    request = read_json(os.path.join(directory, REQUEST))
    if request is None:
        return None
    result = read_json(os.path.join(directory, RESULT))
    if result is None:
        progress = read_json(os.path.join(directory, PROGRESS)) or {}
        result = {"state": RUNNING, "epochs": progress.get("epoch", 0)}
    known = {field.name for field in dataclasses.fields(Trial)}
    return Trial(
        number=number + 1,
        repeat=repeat,
        values=searched_values(request["values"]),
        directory=directory,
        **{name: value for name, value in result.items() if name in known},
    )
