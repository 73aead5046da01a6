"""The contents of a report, collected from an evaluation."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from tfx.dsl.io import fileio

from components.latent_evaluator.evaluation import Evaluation
from components.latent_evaluator.metrics.catalogue import table_rows
from components.latent_evaluator.passes.score_accumulator import scores_of, sums_of
from components.latent_evaluator.report.inputs import ReportInputs, Shown
from components.tuner.search_report import read_report
from data_prep import features
from trainer.data.records import read_features
from trainer.export.metadata import HISTORY_FILE, read_metadata

MOST_SHOWN = 64
_BATCH = 4096


def report_inputs(evaluation: Evaluation) -> ReportInputs:
    """Returns everything that the report shows of an evaluation."""
    inputs, candidate, baseline = evaluation.inputs, evaluation.candidate, evaluation.baseline
    manifest, extractor = inputs.manifest, evaluation.context.extractor
    slices = {"attribute": by_attribute(candidate.columns, manifest.attributes)}
    if features.COUNTRYCODE in manifest.extras:
        slices["country"] = by_country(candidate.columns, inputs.files)
    return ReportInputs(
        manifest=manifest,
        split=inputs.config.split,
        seed=inputs.config.seed,
        description=read_metadata(inputs.candidate.decoder),
        decoder=inputs.candidate.decoder,
        candidate=candidate.metrics,
        baseline=baseline.metrics if baseline else None,
        verdict=evaluation.verdict,
        shown=shown_images(candidate.columns),
        vectors=evaluation.vectors if evaluation.vectors.names else None,
        history=read_history(inputs.model_run) if inputs.model_run else None,
        extractor=extractor.facts if extractor else None,
        slices=slices,
        search=read_report(inputs.trials) if inputs.trials else None,
        drift=inputs.drift,
        edits=inputs.config.edits,
    )


def shown_images(columns: dict[str, np.ndarray]) -> Shown:
    """Returns the first of the sampled images, which are in an order that means nothing."""
    part = {name: values[:MOST_SHOWN] for name, values in columns.items()}
    images = part["image"]
    return Shown(
        images=images,
        labels=tuple(part["label"]),
        attributes=part.get("attributes", np.zeros((len(images), 0), np.int8)),
        z_mean=np.nan_to_num(part["z_mean"]),
    )


def read_history(model_run: str) -> dict[str, Any] | None:
    """Reads history.json of a training; None where it wrote none."""
    path = os.path.join(model_run, HISTORY_FILE)
    if not fileio.exists(path):
        return None
    with fileio.open(path, "rb") as file:
        return json.loads(file.read())


def by_attribute(columns: dict[str, np.ndarray], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Returns the scores of the sampled images with each attribute."""
    attributes = columns.get("attributes")
    if attributes is None:
        return {}
    return _scores(columns, {name: attributes[:, i] == 1 for i, name in enumerate(names)})


def by_country(columns: dict[str, np.ndarray], files: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Returns the scores of the sampled images by the country they were drawn in, which is read
    from the shards."""
    wanted, country_of = set(columns["key"]), {}
    for batch in read_features(files, (features.KEY, features.COUNTRYCODE), _BATCH):
        pairs = zip(batch[features.KEY], batch[features.COUNTRYCODE], strict=True)
        country_of.update({key: country for key, country in pairs if key in wanted})
    countries = np.array(
        [country_of.get(key, b"").decode("utf-8", "replace") for key in columns["key"]]
    )
    return _scores(columns, {name: countries == name for name in sorted(set(countries) - {""})})


def _scores(
    columns: dict[str, np.ndarray], groups: dict[str, np.ndarray]
) -> dict[str, dict[str, Any]]:
    """Returns the scores of each group of images, bool [n], that the tables of slices show."""
    size, posterior = int(np.prod(columns["image"].shape[1:])), "z_log_var" in columns
    shown = ["count", *(path for _, rows in table_rows() for path, row in rows if row.sliced)]
    scores = {
        name: scores_of(sums_of(columns, chosen), size, density=False, posterior=posterior)
        for name, chosen in groups.items()
        if chosen.any()
    }
    return {name: {key: values[key] for key in shown} for name, values in scores.items()}
