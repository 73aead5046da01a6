"""What an evaluation leaves behind besides the attribute vectors."""

from __future__ import annotations

import io
import json
import math
import os
from typing import Any

import numpy as np
from tfx import types
from tfx.components.evaluator import constants
from tfx.utils import io_utils, path_utils

from components.latent_evaluator.blessing import Verdict
from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.model_metrics import ModelEvaluation
from components.latent_evaluator.passes.tally import ScoreAccumulator
from components.latent_evaluator.report.contact_sheet import model_sheet
from trainer.export.metadata import read_metadata

SAMPLE_ROWS = 3


def draw_sheet(
    tally: ScoreAccumulator,
    measured: ModelEvaluation,
    verdict: Verdict,
    model: types.Artifact,
    config: EvaluationConfig,
) -> bytes:
    """The contact sheet as PNG."""
    rows = [
        (label, np.stack([real for _, real, _ in shown]), np.stack([made for _, _, made in shown]))
        for label, shown in sorted(tally.gallery.items())
    ]
    count = SAMPLE_ROWS * max(len(real) for _, real, _ in rows)
    metadata = read_metadata(path_utils.eval_model_path(model.uri))
    found = measured.metrics
    family = metadata["family"].upper().replace("_", "-")
    title = (
        f"{family}, {metadata['latent_dim']} latent dimensions: "
        f"{'blessed' if verdict.blessed else 'not blessed'}"
    )
    caption = (
        f"{found['count']:,} {config.split} images   ·   "
        f"{_cost(found)}   ·   PSNR {found['psnr']:.1f} dB "
        f"(mean image {found['mean_image']['psnr']:.1f})   ·   "
        f"{found['active_units']} of {found['latent_dim']} dimensions in use"
    )
    buffer = io.BytesIO()
    sheet = model_sheet(rows, measured.samples[:count], title, caption)
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _cost(found: dict[str, Any]) -> str:
    if found["elbo"] is None:
        return f"reconstruction {found['reconstruction_loss']:.1f} nats, no KL"
    return f"ELBO {found['elbo']:.1f} nats"


def bless(
    blessing: types.Artifact,
    verdict: Verdict,
    model: types.Artifact,
    baseline: types.Artifact | None,
) -> None:
    """Marks the artifact as tfx.components.Evaluator does, so Resolver and Pusher know it."""
    blessing.set_string_custom_property(
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri
    )
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
    if baseline is not None:
        blessing.set_string_custom_property(
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, baseline.uri
        )
        blessing.set_int_custom_property(
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, baseline.id
        )
    name = constants.BLESSED_FILE_NAME if verdict.blessed else constants.NOT_BLESSED_FILE_NAME
    value = constants.BLESSED_VALUE if verdict.blessed else constants.NOT_BLESSED_VALUE
    text = "\n".join(verdict.reasons) + "\n"
    io_utils.write_string_file(os.path.join(blessing.uri, name), text)
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, value)


def write_json(path: str, value: dict[str, Any]) -> None:
    """Whatever is not finite is written as null."""
    text = json.dumps(_finite(value), indent=2, sort_keys=True, allow_nan=False)
    io_utils.write_string_file(path, text + "\n")


def _finite(value: Any) -> Any:
    """JSON knows no NaN."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
