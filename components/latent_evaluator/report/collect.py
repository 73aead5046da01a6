"""What the executor has measured, as the inputs of a report."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tfx.dsl.io import fileio

from components.latent_evaluator.blessing import Verdict
from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.model_metrics import ModelEvaluation
from components.latent_evaluator.passes.tally import psnr
from components.latent_evaluator.report.inputs import ReportInputs, Shown
from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from components.span_drift.drift import DriftReport
from components.tuner.search_report import read_report
from data_prep import features
from data_prep.manifest import Manifest
from trainer.export.metadata import HISTORY_FILE, read_metadata

MOST_SHOWN = 64
_BATCH = 4096


def gather(
    *,
    manifest: Manifest,
    config: EvaluationConfig,
    decoder: str,
    measured: dict[str, ModelEvaluation],
    vectors: AttributeVectors,
    verdict: Verdict,
    extractor: dict[str, Any] | None,
    model_run: str | None,
    trials: str | None,
    drift: DriftReport | None,
    files: Sequence[str],
) -> ReportInputs:
    """Args:
    manifest: of the data.
    decoder: directory of the candidate's decoder.
    measured: of `candidate`, and of `baseline` where there is one to compare with.
    model_run: where the candidate's training left its history.
    trials: where the search that chose its hyper-parameters left them.
    drift: of the newest span of the data.
    files: shards of the split.
    """
    candidate, baseline = measured["candidate"], measured.get("baseline")
    slices = {"attribute": by_attribute(candidate.kept, manifest.attributes)}
    if features.COUNTRYCODE in manifest.extras:
        slices["country"] = by_country(candidate.kept, files)
    return ReportInputs(
        manifest=manifest,
        split=config.split,
        seed=config.seed,
        description=read_metadata(decoder),
        decoder=decoder,
        candidate=candidate.metrics,
        baseline=baseline.metrics if baseline else None,
        verdict=verdict,
        shown=shown_images(candidate.kept),
        vectors=vectors if vectors.names else None,
        history=read_history(model_run) if model_run else None,
        extractor=extractor,
        slices=slices,
        search=read_report(trials) if trials else None,
        drift=drift,
        edits=config.edits,
    )


def shown_images(kept: dict[str, np.ndarray]) -> Shown:
    """The first of the kept images, which are in an order that means nothing."""
    part = {name: values[:MOST_SHOWN] for name, values in kept.items()}
    images = part["image"]
    return Shown(
        images=images,
        labels=tuple(part["label"]),
        attributes=part.get("attributes", np.zeros((len(images), 0), np.int8)),
        z_mean=np.nan_to_num(part["z_mean"]),
    )


def read_history(model_run: str) -> dict[str, Any] | None:
    """history.json of a training; None where it wrote none."""
    path = os.path.join(model_run, HISTORY_FILE)
    if not fileio.exists(path):
        return None
    with fileio.open(path, "rb") as file:
        return json.loads(file.read())


def by_attribute(kept: dict[str, np.ndarray], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Scores of the kept images with each attribute, as `tally.metrics` gives them by label."""
    held = kept.get("attributes")
    if held is None:
        return {}
    return _scores(kept, {name: held[:, i] == 1 for i, name in enumerate(names)})


def by_country(kept: dict[str, np.ndarray], files: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Scores of the kept images by the country they were drawn in, read from the shards."""
    spec = {
        features.KEY: tf.io.FixedLenFeature([], tf.string),
        features.COUNTRYCODE: tf.io.FixedLenFeature([], tf.string, ""),
    }
    wanted, found = set(kept["key"]), {}
    records = tf.data.TFRecordDataset(list(files), "GZIP").batch(_BATCH)
    for batch in records.map(lambda serialized: tf.io.parse_example(serialized, spec)):
        pairs = zip(batch[features.KEY].numpy(), batch[features.COUNTRYCODE].numpy(), strict=True)
        found.update({key: country for key, country in pairs if key in wanted})
    countries = np.array([found.get(key, b"").decode("utf-8", "replace") for key in kept["key"]])
    return _scores(kept, {name: countries == name for name in sorted(set(countries) - {""})})


def _scores(
    kept: dict[str, np.ndarray], groups: dict[str, np.ndarray]
) -> dict[str, dict[str, Any]]:
    size = int(np.prod(kept["image"].shape[1:]))
    scores = {}
    for name, chosen in groups.items():
        if not chosen.any():
            continue
        mean = {
            scalar: float(kept[scalar][chosen].mean())
            for scalar in ("reconstruction_loss", "kl_loss", "squared_error", "ssim")
        }
        posterior = "z_log_var" in kept
        scores[name] = {
            "count": int(chosen.sum()),
            "elbo": -(mean["reconstruction_loss"] + mean["kl_loss"]) if posterior else None,
            "reconstruction_loss": mean["reconstruction_loss"],
            "kl_loss": mean["kl_loss"] if posterior else None,
            "psnr": psnr(mean["squared_error"] / size),
            "ssim": mean["ssim"],
        }
    return scores
