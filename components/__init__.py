"""TFX components of the DAG, and the artifact types they exchange.

Importing this package starts no TFX: the classes below load on first use, and TFX finds
an artifact type by its TYPE_NAME, `components.<Class>`, through them.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "Drift": "components.artifacts",
    "Evaluation": "components.artifacts",
    "Extractor": "components.artifacts",
    "LatentVectors": "components.artifacts",
    "Trials": "components.artifacts",
    "FeatureExtractor": "components.feature_extractor.component",
    "ExamplePreparation": "components.example_preparation.component",
    "LatentEvaluator": "components.latent_evaluator.component",
    "DecoderPusher": "components.decoder_pusher.component",
    "TrialsTuner": "components.tuner.component",
    "DecoderTrainer": "components.decoder_trainer.component",
    "SpanDrift": "components.span_drift.component",
    "SchemaImport": "components.schema_import.component",
    "StrictExampleValidator": "components.example_validator.component",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
