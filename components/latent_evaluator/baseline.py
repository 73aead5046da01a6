"""The blessed model that a candidate is compared with, and whether it can be."""

from __future__ import annotations

from typing import NamedTuple

from tfx import types
from tfx.dsl.io import fileio
from tfx.utils import path_utils

from components.latent_evaluator.blessing import NO_BASELINE, SAME_MODEL
from data_prep.manifest import Manifest
from trainer.config import ImageShape
from trainer.export.loaded import LoadedModel
from trainer.export.metadata import has_prior, read_metadata


class ModelLocation(NamedTuple):
    """The identity of a model artifact, and the directories of its SavedModels."""

    uri: str
    id: int
    full_model: str
    decoder: str

    @classmethod
    def of(cls, model: types.Artifact) -> ModelLocation:
        full_model = path_utils.eval_model_path(model.uri)
        return cls(model.uri, model.id, full_model, path_utils.serving_model_path(model.uri))


def why_not_compared(
    model: ModelLocation, baseline: ModelLocation | None, image: ImageShape, manifest: Manifest
) -> str:
    """Returns why a comparison with the baseline would mean nothing on data of that manifest and
    shape of images; "" where it means something."""
    if baseline is None:
        return NO_BASELINE
    if baseline.id == model.id:
        return SAME_MODEL
    if not fileio.exists(baseline.full_model):
        return f"the blessed model is gone from {baseline.uri}: not compared"
    new, old = read_metadata(model.full_model), read_metadata(baseline.full_model)
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
    names = {"label": manifest.labels, "attributes": manifest.attributes}
    if condition and tuple(condition["names"]) != tuple(names[condition["kind"]]):
        return (
            f"the blessed model takes {condition['kind']} of other names than the data has: "
            "not compared"
        )
    if not LoadedModel(baseline.full_model).can_score:
        return "the blessed model comes from an earlier version of the trainer: not compared"
    return ""
