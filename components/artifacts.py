"""Artifact types of this project's own components."""

from __future__ import annotations

from tfx.types.artifact import Artifact


class Evaluation(Artifact):
    """How good a model is on held-out images.

    Layout of the payload:
      metrics.json       what `components.latent_evaluator` measured, for the candidate, for
                         a constant mean image and for the blessed model before it
      blessing.json      {"blessed": bool, "reasons": [sentences], ...}
      contact_sheet.png  real images over their reconstructions, and samples of the prior
    """

    # The V2 compiler wants an import path here and no PROPERTIES.
    TYPE_NAME = "components.Evaluation"
