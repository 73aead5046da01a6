"""The files that each trial leaves behind, one directory a trial below the search's.

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
_NAME = re.compile(r"trial_0*(\d+)/?")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial of a search: a row of the table of trials.

    state: running (or interrupted, where nobody runs it), completed or failed.
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


def trial_directory(search: str, trial_id: str) -> str:
    """Returns the directory of a trial, where keras-tuner keeps its files as well."""
    return os.path.join(search, f"trial_{trial_id}")


def read_trials(search: str) -> list[Trial]:
    """Reads all trials of a search, in the order of their beginning."""
    directories = {
        int(match[1]): os.path.join(search, name)
        for name in (tf.io.gfile.listdir(search) if tf.io.gfile.exists(search) else ())
        if (match := _NAME.fullmatch(name))
    }
    trials = [_read(number, directories[number]) for number in sorted(directories)]
    return [trial for trial in trials if trial is not None]


def ranked(trials: list[Trial], maximize: bool) -> list[Trial]:
    """Sorts trials: the best first, of equals the earlier, those without a score last."""
    sign = -1 if maximize else 1
    return sorted(trials, key=lambda t: (t.score is None, sign * (t.score or 0.0), t.number))


def _read(number: int, directory: str) -> Trial | None:
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
        values=searched_values(request["values"]),
        directory=directory,
        **{name: value for name, value in result.items() if name in known},
    )
