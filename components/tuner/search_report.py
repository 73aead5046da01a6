"""The trials of a finished search, read back for the report."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
from typing import Any

import pyarrow.parquet
from tfx.dsl.io import fileio
from tfx.utils import io_utils

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
        maximize=described["maximize"],
        searched=tuple(described["searched"]),
        rows=rows,
        pareto_svg=svg.decode(),
        strips=strips,
    )
