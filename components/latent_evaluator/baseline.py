"""The models that a candidate is compared with, and whether they can be."""

from __future__ import annotations

from typing import NamedTuple

from tfx import types
from tfx.dsl.io import fileio
from tfx.utils import path_utils

from data_prep.manifest import Manifest
from trainer.config import ImageShape
from trainer.export.loaded import LoadedModel
from trainer.export.metadata import has_prior, read_metadata

UNKNOWN = -1  # id of a model that only the registry of blessed models knows


class ModelLocation(NamedTuple):
    """The identity of a model artifact, and the directories of its SavedModels."""

    uri: str
    id: int
    full_model: str
    decoder: str

    @classmethod
    def of(cls, model: types.Artifact) -> ModelLocation:
        return cls.at(model.uri, model.id)

    @classmethod
    def at(cls, uri: str, id: int = UNKNOWN) -> ModelLocation:
        return cls(uri, id, path_utils.eval_model_path(uri), path_utils.serving_model_path(uri))


def why_not_compared(
    model: ModelLocation, other: ModelLocation, title: str, image: ImageShape, manifest: Manifest
) -> str:
    """Returns why a comparison with another model would mean nothing on data of that manifest and
    shape of images; "" where it means something. title: what the other one is called."""
    if not fileio.exists(other.full_model):
        return f"{title} is gone from {other.uri}: not compared"
    new, old = read_metadata(model.full_model), read_metadata(other.full_model)
    shape = ImageShape(**old["image"])
    if shape != image:
        return (
            f"{title} makes images of {shape.as_tuple}, the data has {image.as_tuple}: not compared"
        )
    if has_prior(new) != has_prior(old):
        return (
            f"{title} is of the family {old['family']}, this one {new['family']}, and only one of "
            "them has an ELBO: not compared"
        )
    condition = old.get("condition")
    names = {"label": manifest.labels, "attributes": manifest.attributes}
    if condition and tuple(condition["names"]) != tuple(names[condition["kind"]]):
        return f"{title} takes {condition['kind']} of other names than the data has: not compared"
    if not LoadedModel(other.full_model).can_score:
        return f"{title} comes from an earlier version of the trainer: not compared"
    return ""
