"""The model artifacts of an evaluation: where they are, and whether they can be compared."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping

import numpy as np
from tfx import types
from tfx.dsl.io import fileio
from tfx.utils import path_utils

from components.latent_evaluator import blessing as judgement
from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.bootstrap import mean_interval
from components.latent_evaluator.metrics.memorisation import nearest_two, thumbnails
from components.latent_evaluator.metrics.model_metrics import ModelEvaluation, nats
from components.latent_evaluator.metrics.sample_metrics import Bootstrap, nearest_measures
from trainer.config import ImageShape
from trainer.data.records import Records
from trainer.export.loaded import LoadedModel
from trainer.export.metadata import has_prior, read_metadata


def fingerprint(directory: str) -> str:
    """SHA-256 (hex) over the names and contents of a SavedModel's files."""
    digest = hashlib.sha256()
    paths = sorted(
        os.path.join(folder, name) for folder, _, names in fileio.walk(directory) for name in names
    )
    for path in paths:
        with fileio.open(path, "rb") as file:
            content = file.read()
        digest.update(f"{os.path.relpath(path, directory)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def why_not_compared(
    model: types.Artifact,
    baseline: types.Artifact | None,
    image: ImageShape,
    names: dict[str, tuple[str, ...]],
) -> str:
    """Why a comparison with the baseline would mean nothing; "" where it means something.

    Args:
      image: the shape of the data's images.
      names: the data's, by kind of condition.
    """
    if baseline is None:
        return judgement.NO_BASELINE
    if baseline.id == model.id:
        return judgement.SAME_MODEL
    if not fileio.exists(path_utils.eval_model_path(baseline.uri)):
        return f"the blessed model is gone from {baseline.uri}: not compared"
    new = read_metadata(path_utils.eval_model_path(model.uri))
    old = read_metadata(path_utils.eval_model_path(baseline.uri))
    shape = ImageShape(**old["image"])
    if shape != image:
        return (
            f"the blessed model makes images of {shape.as_tuple}, the data has {image.as_tuple}: "
            "not compared"
        )
    if new["reconstruction"] != old["reconstruction"]:
        return (
            f"the blessed model has a {old['reconstruction']} likelihood, this one "
            f"{new['reconstruction']}: not compared"
        )
    if has_prior(new) != has_prior(old):
        return (
            f"the blessed model is of the family {old['family']}, this one {new['family']}, and "
            "only one of them has an ELBO: not compared"
        )
    condition = old.get("condition")
    if condition and tuple(condition["names"]) != tuple(names[condition["kind"]]):
        return (
            f"the blessed model is told {condition['kind']} of other names than the data has: "
            "not compared"
        )
    if not LoadedModel(path_utils.eval_model_path(baseline.uri)).can_score:
        return "the blessed model comes from an earlier version of the trainer: not compared"
    return ""


def search_copies(
    measured: Mapping[str, ModelEvaluation], training: Iterable[Records], config: EvaluationConfig
) -> None:
    """Adds `nearest_train` to the metrics of each; goes through the training images once."""
    held_out = next(iter(measured.values())).kept["image"][: config.samples]
    sets = [held_out, *(each.samples for each in measured.values())]
    batches = (thumbnails(records.images) for records in training)
    nearest = nearest_two(np.concatenate([thumbnails(images) for images in sets]), batches)
    ends = np.cumsum([len(images) for images in sets])[:-1]
    real, *drawn = np.split(nearest.distances(), ends)
    for each, distances in zip(measured.values(), drawn, strict=True):
        each.metrics.update(nearest_measures(distances, real, nearest.seen))


def interval_of_difference(
    measured: Mapping[str, ModelEvaluation], draws: Bootstrap
) -> tuple[float, float] | None:
    """How many nats more an image costs the candidate than the baseline, on the same images
    with the same noise, drawn in pairs; None without a baseline."""
    if "baseline" not in measured:
        return None
    more = nats(measured["candidate"].kept) - nats(measured["baseline"].kept)
    return mean_interval(more, draws.counts(len(more)))
