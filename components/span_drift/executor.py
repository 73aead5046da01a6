"""Measures the newest span against the one the blessed model was trained on."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.latent_evaluator.candidates import full_model
from components.latent_evaluator.loaded_model import FullModel
from components.latent_evaluator.records import read_split
from components.span_drift.config import DriftConfig
from components.span_drift.distances import SpanFacts, measures
from components.span_drift.report import FILE, DriftReport
from data_prep.errors import InputError
from data_prep.image_stats import image_stats
from data_prep.manifest import Manifest, manifest_path, read_manifest
from data_prep.settings import parse
from trainer.description import DATA_FILE

EXAMPLES, BASELINE_MODEL, DRIFT = "examples", "baseline_model", "drift"
CONFIG, CODE_VERSION = "config", "code_version"
SPLIT = "train"
STATISTICS = ("image_mean", "image_std", "ink")
BINS = 32


class Executor(base_executor.BaseExecutor):
    """See `components.artifacts.Drift` for what is written."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        config = parse(DriftConfig, json.loads(exec_properties[CONFIG]), "drift")
        examples = artifact_utils.get_single_instance(input_dict[EXAMPLES])
        blessed = next(iter(input_dict.get(BASELINE_MODEL) or []), None)
        newest = read_manifest(examples.uri).spans[-1]
        reference, note = _reference(blessed, newest)
        report = DriftReport(span=newest["span"], reference=None, note=note)
        if reference and blessed:
            report = compare(reference, newest, FullModel(full_model(blessed)), config)
        drift = artifact_utils.get_single_instance(output_dict[DRIFT])
        io_utils.write_string_file(os.path.join(drift.uri, FILE), report.to_json())


def compare(
    reference: dict[str, Any], newest: dict[str, Any], model: FullModel, config: DriftConfig
) -> DriftReport:
    """Of two spans as a manifest names them."""
    spans = (reference, newest)
    manifests = [read_manifest(each["directory"]) for each in spans]
    unfit = why_not_encoded(model.description, manifests)
    old, new = (
        look_at(each["directory"], manifest, None if unfit else model, config.images)
        for each, manifest in zip(spans, manifests, strict=True)
    )
    return DriftReport(
        span=newest["span"],
        reference=reference["span"],
        note=unfit,
        images=(len(old.image[STATISTICS[0]]), len(new.image[STATISTICS[0]])),
        measures=tuple(measures(old, new, config)),
        histograms={name: _histogram(old.image[name], new.image[name]) for name in STATISTICS},
    )


def look_at(directory: str, manifest: Manifest, model: FullModel | None, images: int) -> SpanFacts:
    """What a prepared span is compared by: its manifest, and a sample of its train split."""
    files = sorted(fileio.glob(os.path.join(directory, f"Split-{SPLIT}", "*.gz")))
    shape = (manifest.image.height, manifest.image.width, manifest.image.channels)
    statistics: list[tuple[np.ndarray, ...]] = []
    codes: list[np.ndarray] = []
    for records in read_split(files, images):
        pixels = np.frombuffer(b"".join(records.images), np.uint8).reshape(-1, *shape)
        statistics.append(image_stats(pixels, manifest.image.ink))
        if model:
            codes.append(model.encode(records)[0])
    if not statistics:
        raise InputError(f"{directory}: the {SPLIT} split has no images")
    columns = zip(*statistics, strict=True)
    return SpanFacts(
        count=manifest.counts["written"],
        labels=manifest.counts["by_label"],
        attributes=manifest.positives,
        image={n: np.concatenate(c) for n, c in zip(STATISTICS, columns, strict=True)},
        z_mean=np.concatenate(codes) if codes else None,
    )


def why_not_encoded(description: dict[str, Any], manifests: Sequence[Manifest]) -> str:
    """Why the blessed model's encoder cannot be asked about the spans; "" where it can."""
    shape = tuple(description["image"][name] for name in ("height", "width", "channels"))
    condition = description.get("condition") or {}
    for manifest in manifests:
        image = manifest.image
        if shape != (image.height, image.width, image.channels):
            return f"the blessed model takes images of {shape}: its codes are not compared"
        attributes = condition.get("kind") == "attributes"
        if attributes and tuple(condition["names"]) != manifest.attributes:
            return "the blessed model is told other attributes: its codes are not compared"
    return ""


def _reference(
    blessed: types.Artifact | None, newest: dict[str, Any]
) -> tuple[dict[str, Any] | None, str]:
    """The last span of the blessed model's training data, or why nothing is compared."""
    if blessed is None:
        return None, "there is no blessed model yet, so no span to compare with"
    path = os.path.join(blessed.uri, DATA_FILE)
    spans = json.loads(io_utils.read_string_file(path))["spans"] if fileio.exists(path) else []
    if not spans:
        return None, "the blessed model was not trained on spans: not compared"
    last = spans[-1]
    if last["manifest_sha256"] == newest["manifest_sha256"]:
        return None, f"span {newest['span']} is the last blessed span itself"
    if not fileio.exists(manifest_path(last["directory"])):
        return None, f"span {last['span']} is gone from {last['directory']}: not compared"
    return last, ""


def _histogram(old: np.ndarray, new: np.ndarray) -> dict[str, list[float]]:
    """Shares of images in equal bins over both."""
    edges = np.histogram_bin_edges(np.concatenate([old, new]), BINS)
    counts = [np.histogram(each, edges)[0] / len(each) for each in (old, new)]
    return {
        "edges": edges.tolist(),
        "reference": counts[0].tolist(),
        "span": counts[1].tolist(),
    }
