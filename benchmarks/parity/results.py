"""The results of the runs, as the repository keeps them: what the page is written from.

results/NAME.json holds a row's runs by seed, of each the numbers of its epochs and what was
measured on the trained model. So the page can be written again without the runs themselves.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from rows import ROWS, Row

FOLDER = Path(__file__).with_name("results")
EPOCH_METRICS = ("loss", "reconstruction_loss", "kl_loss", "active_units", "val_loss",
                 "val_reconstruction_loss", "val_kl_loss", "cpu_seconds")  # fmt: skip
FACTS = ("recipe", "seconds", "images", "held_out")


@dataclasses.dataclass(frozen=True)
class Results:
    """The runs of a row by seed, those of undeclared seeds left out.

    runs: each with FACTS, `epochs`, and where they were taken `parameters` and `measures`.
    """

    row: Row
    runs: dict[int, dict[str, Any]]

    @property
    def missing(self) -> list[int]:
        """The declared seeds that have not been run."""
        return [seed for seed in self.row.seeds if seed not in self.runs]

    @property
    def each(self) -> list[dict[str, Any]]:
        """The runs in the order of their seeds."""
        return [self.runs[seed] for seed in self.row.seeds if seed in self.runs]

    @property
    def recipe(self) -> dict[str, Any]:
        return self.each[0]["recipe"]

    @property
    def epochs(self) -> int:
        """The number of epochs of a run."""
        return self.each[0]["epochs"][-1]["epoch"]

    @property
    def steps_an_epoch(self) -> int:
        run = self.each[0]
        return -(-run["images"] // run["recipe"]["train"]["batch_size"])

    def at(self, metric: str, epoch: int = 0) -> np.ndarray:
        """Returns a metric of each run at an epoch, from 1; 0 is the last one."""
        return np.array([epoch_of(run, epoch or self.epochs)[metric] for run in self.each])

    def measured(self, name: str) -> list[dict[str, float]]:
        """Returns a measure of each run that has it."""
        return [run["measures"][name] for run in self.each if name in run.get("measures", {})]

    def minutes(self) -> str:
        """Returns the mean minutes of a run: of one processor, or by the clock of older runs."""
        timed = [run["epochs"] for run in self.each if "cpu_seconds" in run["epochs"][-1]]
        if len(timed) < len(self.each):
            return f"{np.mean([run['seconds'] for run in self.each]) / 60:.0f} min by the clock"
        seconds = np.mean([sum(epoch["cpu_seconds"] for epoch in epochs) for epochs in timed])
        return f"{seconds / 60:.0f} min"

    def seeds(self) -> str:
        """Returns which of the declared seeds have been run, in words."""
        if not self.missing:
            return f"{len(self.each)} seeds"
        runs = "1 run" if len(self.each) == 1 else f"{len(self.each)} runs"
        missing = ", ".join(map(str, self.missing))
        return f"{runs} (of {len(self.row.seeds)} seeds; not run: {missing})"


def epoch_of(run: dict[str, Any], number: int) -> dict[str, float]:
    """Returns the metrics of an epoch, from 1; KeyError where they were not kept."""
    for epoch in run["epochs"]:
        if epoch["epoch"] == number:
            return epoch
    raise KeyError(f"epoch {number}")


def read(row: Row, folder: Path = FOLDER) -> Results:
    """Reads the results of a row; no runs where there are none."""
    path = folder / f"{row.name}.json"
    runs = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return Results(row, {int(seed): run for seed, run in runs.items() if int(seed) in row.seeds})


def read_all(folder: Path = FOLDER) -> dict[str, Results]:
    """Returns the results of every row with a run, by its name."""
    every = {name: read(row, folder) for name, row in ROWS.items()}
    return {name: results for name, results in every.items() if results.runs}


def keep(results: Results, folder: Path = FOLDER) -> None:
    """Writes a row's results."""
    folder.mkdir(parents=True, exist_ok=True)
    runs = {str(seed): run for seed, run in sorted(results.runs.items())}
    path = folder / f"{results.row.name}.json"
    path.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")


def of_history(history: dict[str, Any]) -> dict[str, Any]:
    """Returns what is kept of a run's history, numbers rounded to five digits."""
    epochs = [
        {"epoch": epoch["epoch"], **{name: _rounded(epoch[name])
                                     for name in EPOCH_METRICS if name in epoch}}
        for epoch in history["epochs"]
    ]  # fmt: skip
    return {**{name: history[name] for name in FACTS}, "epochs": epochs}


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
