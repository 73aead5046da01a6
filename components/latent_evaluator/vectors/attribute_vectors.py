"""Attribute vectors of a model with their errors and scores, and the files that hold them."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import os
from typing import Any

import numpy as np
from tfx.utils import io_utils

from trainer.export.metadata import VECTORS_FILE

ARRAYS, TABLE = "attribute_vectors.npz", VECTORS_FILE
ATTRIBUTE, LABEL = "attribute", "label"
_PROVENANCE = ("split", "held_out", "model", "data")
_SCALARS = ("norm", "norm_corrected", "auc", "auc_low", "auc_high", "accuracy")


@dataclasses.dataclass(frozen=True, kw_only=True)
class AttributeVectors:
    """Directions in latent space, one for each attribute and each label against the rest.

    An attribute vector is the mean of z_mean over the images with the attribute minus the
    mean over those without (Larsen et al. 2016, arXiv 1512.09300, section 4.1.1). It is not
    normalised: z + strength * vector at strength 1 goes from one class mean to the other.
    Where all images have the attribute, or none has, the row is NaN.

    names: [A]; first the attributes in the manifest's order, then the labels, sorted.
    kinds: [A], "attribute" or "label".
    positive, negative: int64 [A], images of `split` with and without it.
    vectors: float32 [A, d].
    standard_error: float64 [A, d], of each component: sqrt(s+^2 / n+ + s-^2 / n-).
    norm: float64 [A], |vector|; on average larger than that of the true vector.
    norm_corrected: float64 [A], sqrt(max(0, |vector|^2 - sum of standard_error^2)).
    auc, auc_low, auc_high: float64 [A], of the projection z_mean . vector on `held_out`, with
      a 95 % interval (`trainer.measures.auc`); NaN where `held_out` has only one of the classes.
    accuracy: float64 [A], on `held_out`, with the threshold half way between the class means
      of `split`.
    cosine: float64 [A, A], between vectors.
    orthogonalised: name -> (names whose directions are removed, float32 [d]).
    split, held_out: where the vectors come from, and where they are tested.
    model, data: fingerprints (SHA-256 of the SavedModel's files, of the manifest).
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    positive: np.ndarray
    negative: np.ndarray
    vectors: np.ndarray
    standard_error: np.ndarray
    norm: np.ndarray
    norm_corrected: np.ndarray
    auc: np.ndarray
    auc_low: np.ndarray
    auc_high: np.ndarray
    accuracy: np.ndarray
    cosine: np.ndarray
    orthogonalised: dict[str, tuple[tuple[str, ...], np.ndarray]]
    split: str
    held_out: str
    model: str
    data: str

    def save(self, directory: str) -> None:
        """Writes ARRAYS (vectors, standard_error, cosine, orthogonalised) and TABLE."""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            vectors=self.vectors.astype(np.float32),
            standard_error=self.standard_error.astype(np.float64),
            cosine=self.cosine.astype(np.float64),
            orthogonalised=np.array(
                [vector for _, vector in self.orthogonalised.values()], np.float32
            ).reshape(-1, self.vectors.shape[1]),
        )
        io_utils.write_bytes_file(os.path.join(directory, ARRAYS), buffer.getvalue())
        table = {
            **{name: getattr(self, name) for name in _PROVENANCE},
            "latent_dim": self.vectors.shape[1],
            "vectors": [self._row(index) for index in range(len(self.names))],
            "orthogonalised": [
                {"name": name, "without": list(others)}
                for name, (others, _) in self.orthogonalised.items()
            ],
        }
        text = json.dumps(table, indent=1, ensure_ascii=False, allow_nan=False)
        io_utils.write_string_file(os.path.join(directory, TABLE), text + "\n")

    def _row(self, index: int) -> dict[str, Any]:
        row: dict[str, Any] = {
            "name": self.names[index],
            "kind": self.kinds[index],
            "positive": int(self.positive[index]),
            "negative": int(self.negative[index]),
        }
        for name in _SCALARS:
            value = float(getattr(self, name)[index])
            row[name] = value if math.isfinite(value) else None
        return row

    @classmethod
    def load(cls, directory: str) -> AttributeVectors:
        """Reads the files of `save`."""
        table = json.loads(io_utils.read_bytes_file(os.path.join(directory, TABLE)))
        content = io_utils.read_bytes_file(os.path.join(directory, ARRAYS))
        arrays = dict(np.load(io.BytesIO(content), allow_pickle=False))
        rows = table["vectors"]
        values: dict[str, Any] = {name: table[name] for name in _PROVENANCE}
        for name in _SCALARS:  # NaN for None
            values[name] = np.array([row[name] for row in rows], np.float64)
        return cls(
            names=tuple(row["name"] for row in rows),
            kinds=tuple(row["kind"] for row in rows),
            positive=np.array([row["positive"] for row in rows], np.int64),
            negative=np.array([row["negative"] for row in rows], np.int64),
            vectors=arrays["vectors"],
            standard_error=arrays["standard_error"],
            cosine=arrays["cosine"],
            orthogonalised={
                entry["name"]: (tuple(entry["without"]), vector)
                for entry, vector in zip(
                    table["orthogonalised"], arrays["orthogonalised"], strict=True
                )
            },
            **values,
        )
