"""The known factors of the data, and the metric of how the codes keep them apart."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
from tfx.dsl.io import fileio
from tfx.utils import io_utils
from threadpoolctl import threadpool_limits

from components.latent_evaluator.config import ATTRIBUTE_FACTORS
from components.latent_evaluator.metrics.context import EvaluatedModel
from components.latent_evaluator.metrics.disentanglement import disentanglement
from components.latent_evaluator.metrics.registry import FACTORS, HIGH, Measurement, Row, metric
from data_prep.errors import InputError

MOST_IMAGES = 2000  # that disentanglement is measured on


def read_factor_table(path: str) -> dict[bytes, tuple[str, ...]]:
    """Returns the rows of a CSV file by the key in their first column; the header is under b"".

    Raises InputError where it cannot be read or a row is too short or long.
    """
    if not fileio.exists(path):
        raise InputError(f"evaluation.factors: {path}: there is no such file")
    try:
        text = io_utils.read_bytes_file(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"evaluation.factors: {path}: not UTF-8 ({error})") from None
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if not rows or len(rows[0]) < 2:
        raise InputError(f"evaluation.factors: {path}: allowed: a key and one or more factors")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]):
            raise InputError(
                f"evaluation.factors: {path}: line {number} has {len(row)} values, "
                f"allowed: {len(rows[0])}"
            )
    return {b"": tuple(rows[0][1:])} | {row[0].encode(): tuple(row[1:]) for row in rows[1:]}


def factors_of(
    keys: Sequence[bytes], table: dict[bytes, tuple[str, ...]]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Returns the positions of the keys that are in the table, int64 [n], and name -> values of
    these, [n]: int64, float64 (where some value has a fraction) or str."""
    known = np.array([i for i, key in enumerate(keys) if key in table], np.int64)
    columns = zip(*(table[keys[i]] for i in known), strict=True)
    return known, {name: _typed(column) for name, column in zip(table[b""], columns, strict=False)}


def _typed(column: Sequence[str]) -> np.ndarray:
    for kind in (np.int64, np.float64):
        try:
            return np.array([kind(value) for value in column])
        except ValueError:
            continue
    return np.array(column)


def factor_values(model: EvaluatedModel) -> tuple[np.ndarray, dict[str, np.ndarray]] | None:
    """Returns the positions of the images whose factors are known, and their values by name, of
    the first MOST_IMAGES images; None where no factor is known."""
    context, columns = model.context, model.columns
    if context.config.factors == ATTRIBUTE_FACTORS and "attributes" in columns:
        values = columns["attributes"][:MOST_IMAGES].astype(np.int64)
        return np.arange(len(values)), dict(zip(context.attributes, values.T, strict=True))
    if context.factors is None:
        return None
    rows, factors = factors_of(list(columns["key"][:MOST_IMAGES]), context.factors)
    return (rows, factors) if len(rows) else None


@metric(
    "disentanglement",
    Row(
        "MIG",
        ".3f",
        HIGH,
        "mutual information gap",
        part="mig",
        chance="disentanglement.chance.mig",
    ),
    Row(
        "SAP",
        ".3f",
        HIGH,
        "separated attribute predictability",
        part="sap",
        chance="disentanglement.chance.sap",
    ),
    Row(
        "DCI disentanglement",
        ".3f",
        HIGH,
        "each dimension tells of one factor",
        part="dci.disentanglement",
        chance="disentanglement.chance.dci.disentanglement",
    ),
    Row(
        "DCI completeness",
        ".3f",
        HIGH,
        "each factor is in one dimension",
        part="dci.completeness",
        chance="disentanglement.chance.dci.completeness",
    ),
    Row(
        "DCI informativeness",
        ".3f",
        HIGH,
        "how well all of z predicts the factors",
        part="dci.informativeness",
        chance="disentanglement.chance.dci.informativeness",
    ),
    group=FACTORS,
)
def disentanglement_of_factors(model: EvaluatedModel) -> Measurement:
    known = factor_values(model)
    if known is None:
        return Measurement(None)
    rows, factors = known
    with threadpool_limits(1):  # many small fits: more threads only wait for each other
        return Measurement(disentanglement(model.z_mean[rows], factors, model.config.seed))
