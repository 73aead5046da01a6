"""The contents of a report, collected from an evaluation."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from tfx.dsl.io import fileio
from tfx.utils import io_utils

from components.latent_evaluator.blessing import Verdict
from components.latent_evaluator.evaluation import Evaluation
from components.latent_evaluator.metrics.catalogue import table_rows
from components.latent_evaluator.passes.score_accumulator import scores_of, sums_of
from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from components.span_drift.drift import DriftReport
from components.tuner.trials import SearchReport, read_report
from data_prep import features
from data_prep.manifest import Manifest
from trainer.data.records import read_features
from trainer.export.metadata import HISTORY_FILE, read_metadata

MOST_SHOWN = 64
_BATCH = 4096


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shown:
    """Real images of the split, which reconstructions, edits and morphs start from.

    images: uint8 [n, height, width, channels], n >= 1.
    labels: n strings, empty where the data has none.
    attributes: [n, names] of 0 and 1; names may be 0.
    z_mean: float [n, latent_dim].
    """

    images: np.ndarray
    labels: tuple[str, ...]
    attributes: np.ndarray
    z_mean: np.ndarray


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportInputs:
    """Everything on the page. Sections of what is None or empty are left out.

    manifest: of the data.
    split, seed: which images were measured, with which noise.
    description: model.json of the model.
    decoder: directory of its decoder, a SavedModel.
    candidate: metrics of the model, as `components.artifacts.Evaluation` describes them.
    baseline: of the blessed model before it; None where nothing is compared.
    verdict: on the model.
    shown: images to look at.
    vectors: of the model's attributes and labels.
    history: history.json of the training.
    slices: scores by kind (attribute, country) and name, besides those by label.
    extractor: extractor.json of what Frechet distances were measured with.
    search: the one that chose its hyper-parameters.
    drift: of the newest span of the data, where it has spans.
    edits: names of the vectors to show; empty: those that separate best.
    """

    manifest: Manifest
    split: str
    seed: int
    description: dict[str, Any]
    decoder: str
    candidate: dict[str, Any]
    verdict: Verdict
    shown: Shown
    baseline: dict[str, Any] | None = None
    vectors: AttributeVectors | None = None
    history: dict[str, Any] | None = None
    extractor: dict[str, Any] | None = None
    slices: dict[str, dict[str, dict[str, Any]]] = dataclasses.field(default_factory=dict)
    search: SearchReport | None = None
    drift: DriftReport | None = None
    edits: tuple[str, ...] = ()


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
    return json.loads(io_utils.read_bytes_file(path))


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
        name: scores_of(sums_of(columns, chosen), size, sigma=None, posterior=posterior)
        for name, chosen in groups.items()
        if chosen.any()
    }
    return {name: {key: values[key] for key in shown} for name, values in scores.items()}
