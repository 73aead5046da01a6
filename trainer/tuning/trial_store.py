"""What each trial leaves behind, one directory a trial below the search's own.

request.json   what was tried: settings, epochs, which trial it goes on from
progress.json  the epoch it is in
result.json    state, metrics, seconds, message: its presence means that the trial is over
strip.png      samples of the prior, side by side
checkpoint.npz where training stands
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from typing import Any

import tensorflow as tf

from trainer.config.hyperparameters import Value, searched_values

REQUEST, PROGRESS, RESULT = "request.json", "progress.json", "result.json"
STRIP = "strip.png"
COMPLETED, FAILED, RUNNING, INTERRUPTED = "completed", "failed", "running", "interrupted"
_NAME = re.compile(r"trial_0*(\d+)/?")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """One row of the table.

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
    """Where keras-tuner keeps that trial as well."""
    return os.path.join(search, f"trial_{trial_id}")


def read_trials(search: str) -> list[Trial]:
    """All trials of a search, in the order of their beginning."""
    found = {
        int(match[1]): os.path.join(search, name)
        for name in (tf.io.gfile.listdir(search) if tf.io.gfile.exists(search) else ())
        if (match := _NAME.fullmatch(name))
    }
    trials = [_read(number, found[number]) for number in sorted(found)]
    return [trial for trial in trials if trial is not None]


def ranked(trials: list[Trial], maximize: bool) -> list[Trial]:
    """The best first; of equals the earlier; those without a score last."""

    def key(trial: Trial) -> tuple[bool, float, int]:
        score = trial.score
        return score is None, (-score if maximize else score) if score else 0.0, trial.number

    return sorted(trials, key=key)


def read_json(path: str) -> dict[str, Any] | None:
    """None where there is none."""
    try:
        with tf.io.gfile.GFile(path) as file:
            return json.loads(file.read())
    except tf.errors.NotFoundError:
        return None


def write_json(path: str, value: Any) -> None:
    """All or nothing, so that a kill leaves no half of it."""
    tf.io.gfile.makedirs(os.path.dirname(path))
    part = f"{path}.{os.getpid()}.part"
    with tf.io.gfile.GFile(part, "w") as file:
        file.write(json.dumps(value, indent=2, sort_keys=True) + "\n")
    tf.io.gfile.rename(part, path, overwrite=True)


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
