"""What a step along an attribute vector is: the same in the report, the pushed decoder and
`latentforge edit`."""

from __future__ import annotations

import numpy as np

from components.latent_evaluator.vectors import AttributeVectors


def directions(vectors: AttributeVectors, *, prior: bool) -> dict[str, np.ndarray]:
    """The step of strength 1 by name, float32 [latent_dim]; editing is z + strength * step.

    With a prior N(0, I) it has length 1, as in the source's recipe (GDL 2nd edition, chapter 3),
    so that strengths of -4 to 4 mean the same for every attribute. Codes without a prior have
    no natural unit: there it is half the attribute vector, and 2 goes from the images without
    the attribute to those with it.

    Vectors that are not defined (an attribute that all images have, or none) are missing.
    Orthogonalised ones are called "A without B, C".
    """
    named = dict(zip(vectors.names, vectors.vectors, strict=True))
    for name, (removed, vector) in vectors.orthogonalised.items():
        named[f"{name} without {', '.join(removed)}"] = vector
    found = {}
    for name, vector in named.items():
        length = float(np.linalg.norm(vector))
        if np.isfinite(length) and length > 1e-6:
            found[name] = np.asarray(vector / length if prior else vector / 2, np.float32)
    return found
