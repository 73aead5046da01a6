"""The trials of a search as files that need nothing of this project to be read, and the reader of
these for the report."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import os
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from PIL import Image
from tfx.dsl.io import fileio
from tfx.utils import io_utils

from components.tuner.pareto import draw
from data_prep.config_base import to_dict
from trainer.config.hyperparameters import SEARCHED, values_of, with_values
from trainer.figures.compose import Figure, Row
from trainer.figures.sheet import sheet, to_png
from trainer.tuning.config import OBJECTIVES, SearchSpec
from trainer.tuning.objective import METRICS
from trainer.tuning.selection import Selection, Standing
from trainer.tuning.trial_store import STRIP, Trial

PARQUET, CSV, SEARCH = "trials.parquet", "trials.csv", "search.json"
STRIPS, PICTURE = "strips", "strips.png"
PLOT_PNG, PLOT_SVG = "pareto.png", "pareto.svg"

# columns of a trial and its repeats together
OF_RUNS = ("runs", "mean", "standard_error", "within_noise", "chosen")
COLUMNS = pa.schema(
    [
        ("trial", pa.int64()),
        ("rank", pa.int64()),
        ("state", pa.string()),
        ("score", pa.float64()),
        ("runs", pa.int64()),
        ("mean", pa.float64()),
        ("standard_error", pa.float64()),
        ("within_noise", pa.bool_()),
        ("chosen", pa.bool_()),
        *(
            (name, pa.int64() if entry.is_whole else pa.float64())
            for name, entry in SEARCHED.items()
        ),
        ("epochs", pa.int64()),
        ("seconds", pa.float64()),
        *((name, pa.float64()) for name in METRICS),
        ("message", pa.string()),
    ]
)


def write_trials(selection: Selection, plan: SearchSpec, directory: str) -> None:
    """Writes the payload of a `components.artifacts.Trials` of a search; the best trial first.

    `selection` has a chosen trial.
    """
    assert selection.chosen is not None
    fileio.makedirs(os.path.join(directory, STRIPS))
    rows = [_row(rank, row, plan) for rank, row in enumerate(selection.standings, start=1)]
    table = pa.Table.from_pylist(rows, COLUMNS)
    parquet, csv = io.BytesIO(), io.BytesIO()
    pa.parquet.write_table(table, parquet)
    pa.csv.write_csv(table, csv)
    ranges = plan.tuner.space.ranges()
    description = {
        "objective": plan.tuner.objective,
        "maximize": OBJECTIVES[plan.tuner.objective],
        "searched": list(ranges),
        "best_trial": selection.chosen.trial.number,
        "noise": {
            "words": selection.in_words(),
            "standard_deviation": selection.noise,
            "degrees_of_freedom": selection.degrees_of_freedom,
            "gap": selection.gap,
        },
        "repeats": [_repeat(each) for row in selection.standings for each in row.repeats],
        "tuner": to_dict(plan.tuner),
        "metrics": METRICS,
    }
    png, svg = draw(rows, plan.tuner.objective, list(ranges))
    files = {
        PARQUET: parquet.getvalue(),
        CSV: csv.getvalue(),
        SEARCH: (json.dumps(description, indent=2) + "\n").encode(),
        PLOT_PNG: png,
        PLOT_SVG: svg.encode(),
    }
    for name, content in files.items():
        io_utils.write_bytes_file(os.path.join(directory, name), content)
    _write_strips(selection, directory)


def strip_name(number: int) -> str:
    """Returns the path of a trial's strip, relative to the artifact."""
    return f"{STRIPS}/trial-{number:03}.png"


def _row(rank: int, standing: Standing, plan: SearchSpec) -> dict[str, Any]:
    """Returns the row of a trial in the table.

    Its score, seconds and metrics are those of its own run, without repeats. Hyper-parameters that
    were not searched have their configured value; gamma has one where it has a meaning.
    """
    trial = standing.trial
    return {
        "trial": trial.number,
        "rank": rank if trial.score is not None else None,
        "state": trial.state,
        "score": trial.score,
        **{name: getattr(standing, name) for name in OF_RUNS},
        **values_of(with_values(plan.config, trial.values)),
        "epochs": trial.epochs,
        "seconds": trial.seconds,
        **trial.metrics,
        "message": trial.message,
    }


def _repeat(repeat: Trial) -> dict[str, Any]:
    names = ("repeat", "state", "score", "epochs", "seconds", "message")
    return {"trial": repeat.number, **{name: getattr(repeat, name) for name in names}}


def _write_strips(selection: Selection, directory: str) -> None:
    """Writes the strip of each trial's own run, and a sheet of all of them."""
    rows = []
    for rank, standing in enumerate(selection.standings, start=1):
        trial = standing.trial
        path = os.path.join(trial.directory, STRIP)
        if not fileio.exists(path):
            continue
        fileio.copy(path, os.path.join(directory, strip_name(trial.number)), overwrite=True)
        with fileio.open(path, "rb") as file, Image.open(file) as strip:
            pixels = np.asarray(strip)
        pixels = pixels if pixels.ndim == 3 else pixels[..., None]
        count = pixels.shape[1] // pixels.shape[0] if pixels.shape[0] else 1
        images = np.stack(np.array_split(pixels, max(count, 1), axis=1))
        score = "failed" if standing.mean is None else f"{standing.mean:.4g}"
        if standing.repeats and standing.standard_error is not None:
            score += f" ± {standing.standard_error:.2g}"
        values = ", ".join(f"{name} {value:.3g}" for name, value in trial.values.items())
        if standing.chosen:
            values = f"chosen: {values}"
        rows.append(Row(images, f"{rank}.  {score}", values))
    if rows:
        figure = Figure(
            rows,
            title="Samples of the prior, a row for each trial",
            caption="the best first, with the mean score of its runs",
        )
        io_utils.write_bytes_file(os.path.join(directory, PICTURE), to_png(sheet(figure)))


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchReport:
    """A finished search with its trials.

    objective: its name.
    noise: how large the noise of a run is against the distance of the best; a sentence.
    searched: names of the hyper-parameters that were searched.
    rows: one mapping for each trial, the best first, with the columns of trials.parquet.
    pareto_svg: an <svg> element: rate against distortion, with the Pareto front.
    strips: trial number -> samples of its prior side by side, as a data: URI of a PNG. Failed
      trials have none.
    """

    objective: str
    noise: str
    searched: tuple[str, ...]
    rows: list[dict[str, Any]]
    pareto_svg: str
    strips: dict[int, str]


def read_report(directory: str) -> SearchReport:
    """Reads an artifact of type `components.artifacts.Trials`."""
    search, svg, parquet = (
        io_utils.read_bytes_file(os.path.join(directory, name))
        for name in (SEARCH, PLOT_SVG, PARQUET)
    )
    rows = pyarrow.parquet.read_table(pyarrow.BufferReader(parquet)).to_pylist()
    strips = {}
    for row in rows:
        path = os.path.join(directory, strip_name(row["trial"]))
        if fileio.exists(path):
            png = base64.b64encode(io_utils.read_bytes_file(path)).decode()
            strips[row["trial"]] = f"data:image/png;base64,{png}"
    described = json.loads(search)
    return SearchReport(
        objective=described["objective"],
        noise=described["noise"]["words"],
        searched=tuple(described["searched"]),
        rows=rows,
        pareto_svg=svg.decode(),
        strips=strips,
    )
