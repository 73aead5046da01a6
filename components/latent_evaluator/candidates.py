"""The model artifacts of an evaluation: where they are, and whether they can be compared."""

from __future__ import annotations

import hashlib
import os

from tfx import types
from tfx.dsl.io import fileio

from components.latent_evaluator import blessing as judgement
from components.latent_evaluator.loaded_model import FullModel, describe, full_model
from trainer.hparams import WITHOUT_PRIOR, ImageShape


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
    if not fileio.exists(full_model(baseline)):
        return f"the blessed model is gone from {baseline.uri}: not compared"
    new, old = describe(full_model(model)), describe(full_model(baseline))
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
    if (new["family"] in WITHOUT_PRIOR) != (old["family"] in WITHOUT_PRIOR):
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
    if not FullModel(full_model(baseline)).can_be_scored:
        return "the blessed model comes from an earlier version of the trainer: not compared"
    return ""
