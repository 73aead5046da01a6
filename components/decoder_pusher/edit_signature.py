"""The pushed decoder: the trained one, with edits along the attribute vectors.

A SavedModel that loads with TensorFlow alone. Signatures:
  serving_default, decode, sample: those of `trainer.export.saved_model`.
  edit: z float32 [batch, latent_dim], attribute string (one name, or one for each z), strength
    float32 (one, or one for each z) -> image. A conditional model takes `condition` besides.
    What a strength of 1 is: see `components.latent_evaluator.vectors.edits.directions`.
Files:
  assets/attribute_vectors.json   `names`; `steps` and `vectors`, [names][latent_dim]; in words
                                  what a strength is
  assets.extra/model.json         the trainer's, and `edits`: the names
  assets.extra/decoder.onnx       the trainer's
  assets.extra/contents.json      SHA-256 of every other file, and of the trained decoder
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from tfx.dsl.io import fileio
from tfx.utils import io_utils

from components.file_tree import file_hashes, tree_sha256
from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from components.latent_evaluator.vectors.edits import directions, editable
from trainer.export.metadata import (
    METADATA_FILE,
    VECTORS_FILE,
    condition_names,
    has_prior,
    read_metadata,
)

CONTENTS = os.path.join("assets.extra", "contents.json")
_UNIT = "z + strength * step; a step is a vector of length 1"
_HALF = "z + strength * step; a step is half of the attribute vector"
_RELATIVE, _ABSOLUTE = 1e-3, 1e-5  # sums in another order, not another model


def assemble(decoder: str, vectors: AttributeVectors, directory: str) -> None:
    """Writes the decoder to push.

    Args:
      decoder: directory of the trained one.
      vectors: of the same model, at least one of them editable.
      directory: does not exist yet, or is empty.
    """
    metadata = read_metadata(decoder)
    steps = directions(vectors, metadata)
    with tempfile.TemporaryDirectory() as folder:
        asset = os.path.join(folder, VECTORS_FILE)
        whole_vectors = editable(vectors, metadata)
        table = {
            "strength": _UNIT if has_prior(metadata) else _HALF,
            "names": list(steps),
            "steps": [step.tolist() for step in steps.values()],
            "vectors": [whole_vectors[name].tolist() for name in steps],
            "split": vectors.split,
            "model": vectors.model,
            "data": vectors.data,
        }
        _write_json(asset, table)
        _save(decoder, steps, asset, condition_names(metadata), directory)
    extra = os.path.join(decoder, "assets.extra")
    io_utils.copy_dir(extra, os.path.join(directory, "assets.extra"))
    _write_json(os.path.join(directory, METADATA_FILE), {**metadata, "edits": list(steps)})
    contents = {"decoder": tree_sha256(decoder), "files": file_hashes(directory)}
    _write_json(os.path.join(directory, CONTENTS), contents)


def is_made_of(directory: str, decoder: str, vectors: AttributeVectors) -> bool:
    """Returns true where `assemble` of this decoder and these vectors would write these files.

    Vectors are compared as numbers: summed in another order they differ in the last digits.
    """
    path = os.path.join(directory, CONTENTS)
    if not fileio.exists(path):
        return False
    contents, hashes = json.loads(io_utils.read_bytes_file(path)), file_hashes(directory)
    hashes.pop(CONTENTS)
    if contents["files"] != hashes or contents["decoder"] != tree_sha256(decoder):
        return False
    steps = directions(vectors, read_metadata(decoder))
    table = io_utils.read_bytes_file(os.path.join(directory, "assets", VECTORS_FILE))
    pushed = json.loads(table)
    return pushed["names"] == list(steps) and np.allclose(
        pushed["steps"], list(steps.values()), rtol=_RELATIVE, atol=_ABSOLUTE
    )


def _save(
    decoder: str,
    steps: dict[str, np.ndarray],
    asset: str,
    condition: tuple[str, ...],
    directory: str,
) -> None:
    module = tf.Module()
    module.decoder = tf.saved_model.load(decoder)
    module.attribute_vectors = tf.saved_model.Asset(asset)
    trained = dict(module.decoder.signatures)
    signatures = {name: _passed_on(signature) for name, signature in trained.items()}
    signatures["serving_default"] = signatures["decode"]
    z = trained["decode"].structured_input_signature[1]["z"]
    specs = {
        "z": tf.TensorSpec(z.shape, tf.float32, "z"),
        "attribute": tf.TensorSpec(None, tf.string, "attribute"),
        "strength": tf.TensorSpec(None, tf.float32, "strength"),
    }
    if condition:
        specs["condition"] = tf.TensorSpec([None, len(condition)], tf.float32, "condition")
    edit = tf.function(_editing(trained["decode"], steps))
    signatures["edit"] = edit.get_concrete_function(**specs)
    tf.saved_model.save(module, directory, signatures=signatures)


def _passed_on(signature: Any) -> Any:
    """Returns the signature of a loaded model as one that can be saved again."""
    specs = signature.structured_input_signature[1]
    return tf.function(lambda **inputs: signature(**inputs)).get_concrete_function(**specs)


def _editing(decode: Any, steps: dict[str, np.ndarray]) -> Callable[..., Any]:
    names = tf.constant(list(steps))
    table = tf.constant(np.stack(list(steps.values())), tf.float32)
    allowed = f"unknown attribute, allowed: {', '.join(steps)}; got"

    def edit(
        z: tf.Tensor, attribute: tf.Tensor, strength: tf.Tensor, **condition: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        same = tf.equal(tf.reshape(attribute, [-1, 1]), names)
        tf.debugging.Assert(tf.reduce_all(tf.reduce_any(same, axis=1)), [allowed, attribute])
        step = tf.gather(table, tf.argmax(tf.cast(same, tf.int32), axis=1))
        return decode(z=z + tf.reshape(strength, [-1, 1]) * step, **condition)

    return edit


def _write_json(path: str, value: Any) -> None:
    io_utils.write_string_file(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
