"""The trials of a finished search, read back for the report."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
from typing import Any

import pyarrow.parquet
from tfx.dsl.io import fileio

from components.tuner.trials import PARQUET, PLOT_SVG, SEARCH, strip_name


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchReport:
    """A finished search with its trials.

    objective: its name.
    maximize: whether larger is better.
    searched: names of the hyper-parameters that were searched.
    rows: one mapping for each trial, the best first, with the columns of trials.parquet.
    pareto_svg: an <svg> element: rate against distortion, with the Pareto front.
    strips: trial number -> samples of its prior side by side, as a data: URI of a PNG. Failed
      trials have none.
    """

    objective: str
    maximize: bool
    searched: tuple[str, ...]
    rows: list[dict[str, Any]]
    pareto_svg: str
    strips: dict[int, str]


def read_report(directory: str) -> SearchReport:
    """Reads an artifact of type `components.artifacts.Trials`."""
    with fileio.open(os.path.join(directory, SEARCH)) as file:
        search = json.loads(file.read())
    with fileio.open(os.path.join(directory, PLOT_SVG)) as file:
        svg = file.read()
    with fileio.open(os.path.join(directory, PARQUET), "rb") as file:
        rows = pyarrow.parquet.read_table(pyarrow.BufferReader(file.read())).to_pylist()
    return SearchReport(
        objective=search["objective"],
        maximize=search["maximize"],
        searched=tuple(search["searched"]),
        rows=rows,
        pareto_svg=svg,
        strips={row["trial"]: uri for row in rows if (uri := _strip(directory, row["trial"]))},
    )


def _strip(directory: str, number: int) -> str:
    path = os.path.join(directory, strip_name(number))
    if not fileio.exists(path):
        return ""
    with fileio.open(path, "rb") as file:
        return "data:image/png;base64," + base64.b64encode(file.read()).decode()
