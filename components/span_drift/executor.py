"""Measures the newest span against those that the blessed model and the champion have learned."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import numpy as np
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils

from components.artifacts import Artifacts
from components.blessed_models.champion import Champion, find_champion
from components.blessed_models.registry import BlessingRegistry, learned_spans
from components.configured_node import read_config
from components.span_drift.config import DriftConfig
from components.span_drift.distances import SpanStatistics, measures
from components.span_drift.drift import FILE, LAST_BLESSED, REFERENCE, DriftReport
from data_prep.config import LISTS
from data_prep.layout import shard_glob
from data_prep.manifest import Manifest, manifest_path, manifest_sha256, read_manifest
from data_prep.pixels.statistics import image_stats
from trainer.data.records import read_records
from trainer.export.loaded import LoadedModel

REGISTRY, CHAMPION = "registry", "champion"
EXAMPLES, BASELINE_MODEL, DRIFT = "examples", "baseline_model", "drift"
SPLIT = "train"
STATISTICS = ("image_mean", "image_std", "ink")
BINS = 32
HARMLESS = ("shards", "max_reject_rate")  # options that change no image


class Executor(base_executor.BaseExecutor):
    """The executor of `SpanDrift`; see `components.artifacts.Drift` for its output."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        config = read_config(DriftConfig, exec_properties, "drift")
        examples = artifact_utils.get_single_instance(input_dict[EXAMPLES])
        blessed = next(iter(input_dict.get(BASELINE_MODEL) or []), None)
        newest = read_manifest(examples.uri).spans[-1]
        registry = BlessingRegistry(exec_properties.get(REGISTRY) or "")
        champion = find_champion(registry, exec_properties.get(CHAMPION) or "")
        report = span_drift(blessed.uri if blessed else None, champion, newest, config)
        drift = artifact_utils.get_single_instance(output_dict[DRIFT])
        io_utils.write_string_file(os.path.join(drift.uri, FILE), report.to_json())


def span_drift(
    blessed: str | None, champion: Champion | None, newest: dict[str, Any], config: DriftConfig
) -> DriftReport:
    """Compares the newest span, as a manifest names it, with the last one that the model artifact
    `blessed` has learned from, and with the champion's reference span where that is another one."""
    last, note = _last_span(blessed)
    report = _report(last, note, newest, LAST_BLESSED, blessed, config)
    accepted = config.accept == newest["name"]
    report = dataclasses.replace(report, accepted=accepted, measure_from=newest)
    first = champion.reference_span if champion else None
    if first is None:
        return report
    stays = report
    if last is None or _differ(first, last):
        encoder = blessed or (champion.uri if champion else None)
        stays = _report(first, "", newest, REFERENCE, encoder, config)
        stays = dataclasses.replace(stays, accepted=accepted)
        report = dataclasses.replace(report, champion=stays)
    compared = stays.reference is not None or not _differ(first, newest)
    return dataclasses.replace(report, measure_from=first if compared and not accepted else newest)


def _differ(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one["manifest_sha256"] != other["manifest_sha256"]


def _report(
    reference: dict[str, Any] | None,
    note: str,
    newest: dict[str, Any],
    role: str,
    encoder: str | None,
    config: DriftConfig,
) -> DriftReport:
    """Compares with a span by the encoder of a model artifact; `note` says why there is none."""
    note = note or _why_not(reference, newest, role)
    if note or reference is None or encoder is None:
        return DriftReport(span=newest["name"], reference=None, note=note, role=role)
    model = LoadedModel(path_utils.eval_model_path(encoder))
    return dataclasses.replace(compare(reference, newest, model, config), role=role)


def compare(
    reference: dict[str, Any], newest: dict[str, Any], model: LoadedModel, config: DriftConfig
) -> DriftReport:
    """Compares two spans, which are given as a manifest names them."""
    spans = (reference, newest)
    manifests = [read_manifest(each["directory"]) for each in spans]
    unfit = why_not_encoded(model.metadata, manifests[1])
    old, new = (
        span_statistics(each["directory"], manifest, None if unfit else model, config.images)
        for each, manifest in zip(spans, manifests, strict=True)
    )
    if old is None or new is None:
        empty = reference["name"] if old is None else newest["name"]
        note = f"the {SPLIT} split of span {empty} has no images: not compared"
        return DriftReport(span=newest["name"], reference=None, note=note)
    return DriftReport(
        span=newest["name"],
        reference=reference["name"],
        note=unfit,
        images=(len(old.image[STATISTICS[0]]), len(new.image[STATISTICS[0]])),
        measures=tuple(measures(old, new, config)),
        histograms={name: _histogram(old.image[name], new.image[name]) for name in STATISTICS},
    )


def span_statistics(
    directory: str, manifest: Manifest, model: LoadedModel | None, images: int
) -> SpanStatistics | None:
    """Takes the statistics of a prepared span from its manifest and a sample of its train split;
    None where that is empty."""
    files = sorted(fileio.glob(os.path.join(directory, shard_glob(SPLIT))))
    statistics: list[tuple[np.ndarray, ...]] = []
    codes: list[np.ndarray] = []
    for records in read_records(files, manifest.image.shape, limit=images):
        statistics.append(image_stats(records.images, manifest.image.ink))
        if model:
            codes.append(model.encode(records)[0])
    if not statistics:
        return None
    columns = zip(*statistics, strict=True)
    return SpanStatistics(
        count=manifest.counts["written"],
        labels=manifest.counts["by_label"],
        attributes=manifest.positives,
        image={n: np.concatenate(c) for n, c in zip(STATISTICS, columns, strict=True)},
        z_mean=np.concatenate(codes) if codes else None,
    )


def why_not_encoded(metadata: dict[str, Any], manifest: Manifest) -> str:
    """Returns why the blessed model cannot encode the images; "" where it can."""
    image = manifest.image
    shape = tuple(metadata["image"][name] for name in ("height", "width", "channels"))
    if shape != image.shape:
        return f"the blessed model takes images of {shape}: its codes are not compared"
    condition = metadata.get("condition") or {}
    by_attributes = condition.get("kind") == "attributes"
    if by_attributes and tuple(condition["names"]) != manifest.attributes:
        return "the blessed model takes other attributes: its codes are not compared"
    return ""


def prepared_differently(old: Manifest, new: Manifest) -> str:
    """Returns what was prepared differently in two spans; "" where they can be compared."""
    for name in ("image", "attributes"):
        if getattr(old, name) != getattr(new, name):
            return f"its {name} differ from the newest span's: not compared"
    names = sorted((old.options.keys() | new.options.keys()) - {*LISTS, *HARMLESS})
    changed = [
        f"{name} {old.options.get(name)!r}, now {new.options.get(name)!r}"
        for name in names
        if old.options.get(name) != new.options.get(name)
    ]
    return f"it was prepared with {'; '.join(changed)}: not compared" if changed else ""


def _last_span(blessed: str | None) -> tuple[dict[str, Any] | None, str]:
    """Returns the last span of the blessed model's training data, or why there is none."""
    if blessed is None:
        return None, "there is no blessed model yet, so no span to compare with"
    spans = learned_spans(blessed)
    if spans is None:
        return None, f"the blessed model in {blessed} does not tell its spans: not compared"
    if not spans:
        return None, "the blessed model was not trained on spans: not compared"
    return spans[-1], ""


def _why_not(reference: dict[str, Any] | None, newest: dict[str, Any], role: str) -> str:
    """Returns why the newest span is not compared with a span; "" where it is."""
    if reference is None:
        return ""
    title = {LAST_BLESSED: "the last blessed span"}.get(role, role)
    if not _differ(reference, newest):
        return f"span {newest['name']} is {title} itself"
    directory, where = reference["directory"], f"{title}, {reference['name']}"
    if not fileio.exists(manifest_path(directory)):
        return f"{where}, is gone from {directory}: not compared"
    if manifest_sha256(directory) != reference["manifest_sha256"]:
        return f"{where}, is not in {directory} as it was: not compared"
    differing = prepared_differently(read_manifest(directory), read_manifest(newest["directory"]))
    return f"{where}: {differing}" if differing else ""


def _histogram(old: np.ndarray, new: np.ndarray) -> dict[str, list[float]]:
    """Returns the shares of images in equal bins over both."""
    edges = np.histogram_bin_edges(np.concatenate([old, new]), BINS)
    counts = [np.histogram(each, edges)[0] / len(each) for each in (old, new)]
    return {"edges": edges.tolist(), "reference": counts[0].tolist(), "span": counts[1].tolist()}
