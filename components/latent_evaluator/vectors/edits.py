"""The steps of edits along attribute vectors, for the report, the pushed decoder and
`latentforge edit` alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from trainer.export.metadata import condition_names, has_prior


def directions(vectors: AttributeVectors, description: dict[str, Any]) -> dict[str, np.ndarray]:
    """Returns the step of strength 1 by name, float32 [latent_dim]; editing is z + strength * step.

    With a prior N(0, I) it has length 1, as in the source's recipe (GDL 2nd edition, chapter 3),
    so that strengths of -4 to 4 mean the same for every attribute. Codes without a prior have
    no natural unit: there it is half the attribute vector, and 2 goes from the images without
    the attribute to those with it. description: model.json of the model.
    """
    prior = has_prior(description)
    steps = {}
    for name, vector in editable(vectors, description).items():
        length = float(np.linalg.norm(vector)) if prior else 2.0
        steps[name] = np.asarray(vector / length, np.float32)
    return steps


def editable(vectors: AttributeVectors, description: dict[str, Any]) -> dict[str, np.ndarray]:
    """Returns the attribute vectors by name; orthogonalised ones are called "A without B, C".

    Left out are those that are not defined (all images have the attribute, or none has), and
    those of the condition of a conditional model, which its codes should not hold.
    """
    conditions = condition_names(description)
    named = dict(zip(vectors.names, vectors.vectors, strict=True))
    for name, (removed, vector) in vectors.orthogonalised.items():
        if name not in conditions:
            named[without(name, removed)] = vector
    return {
        name: vector
        for name, vector in named.items()
        if name not in conditions and 1e-6 < np.linalg.norm(vector) < np.inf
    }


def without(name: str, removed: tuple[str, ...]) -> str:
    """Returns the name of an orthogonalised vector."""
    return f"{name} without {', '.join(removed)}"
