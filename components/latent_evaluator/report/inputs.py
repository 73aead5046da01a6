"""The contents of a report."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from components.latent_evaluator.blessing import Verdict
from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from components.span_drift.drift import DriftReport
from components.tuner.search_report import SearchReport
from data_prep.manifest import Manifest


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
