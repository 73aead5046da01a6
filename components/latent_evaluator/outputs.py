"""The files that an evaluation leaves, and the mark of a blessing."""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image
from tfx import types
from tfx.components.evaluator import constants
from tfx.utils import io_utils

from components.latent_evaluator.blessing import Verdict
from components.latent_evaluator.evaluation import BASELINE, BEST, Evaluation
from components.latent_evaluator.report.inputs import report_inputs
from components.latent_evaluator.report.page import FILE as REPORT
from components.latent_evaluator.report.page import write_report
from trainer.figures.compose import Figure, Row
from trainer.figures.sheet import contact_sheet

METRICS, VERDICT, CONTACT_SHEET = "metrics.json", "blessing.json", "contact_sheet.png"
MAX_LABELS, SAMPLE_ROWS = 10, 3  # on the contact sheet


def write_evaluation(evaluation: Evaluation, directory: str, vectors_directory: str) -> None:
    """Writes the payloads of the artifacts `evaluation` and `attribute_vectors`."""
    config, verdict = evaluation.inputs.config, evaluation.verdict
    extractor = evaluation.context.extractor
    evaluation.vectors.save(vectors_directory)
    write_json(
        os.path.join(directory, METRICS),
        {
            "split": config.split,
            "seed": config.seed,
            "extractor": extractor.facts if extractor else None,
            BASELINE: None,
            BEST: None,
            **{name: model.metrics for name, model in evaluation.models.items()},
        },
    )
    write_json(
        os.path.join(directory, VERDICT),
        {
            "blessed": verdict.blessed,
            "reasons": list(verdict.reasons),
            "conditions": [check._asdict() for check in verdict.checks],
        },
    )
    io_utils.write_bytes_file(os.path.join(directory, CONTACT_SHEET), draw_sheet(evaluation))
    write_report(os.path.join(directory, REPORT), report_inputs(evaluation))


def model_sheet(
    rows: Sequence[tuple[str, np.ndarray, np.ndarray]],
    samples: np.ndarray,
    title: str,
    caption: str,
) -> Image.Image:
    """Draws real images over their reconstructions, a group for each label, then samples.

    Args:
      rows: (label, real uint8 [n, h, w, c], reconstructed uint8 [n, h, w, c]), n >= 1.
      samples: uint8 [m, h, w, c], decoded from the prior.
      title, caption: the first two lines.
    """
    width = max(len(real) for _, real, _ in rows)
    lines = []
    for label, real, reconstructed in rows[:MAX_LABELS]:
        lines += [Row(real, label or "images", "real"), Row(reconstructed, note="reconstructed")]
    lines.append(Row(samples, "new", "sampled from the prior", accent=True))
    return contact_sheet(Figure(lines, width=width, title=title, caption=caption))


def draw_sheet(evaluation: Evaluation) -> bytes:
    """Returns the contact sheet as PNG."""
    candidate = evaluation.candidate
    rows: list[tuple[str, np.ndarray, np.ndarray]] = []
    for label, images in sorted(candidate.accumulator.gallery.items()):
        _, real, decoded = zip(*images, strict=True)
        rows.append((label, np.stack(real), np.stack(decoded)))
    count = SAMPLE_ROWS * max(len(real) for _, real, _ in rows)
    metadata, metrics = candidate.metadata, candidate.metrics
    family = metadata["family"].upper().replace("_", "-")
    cost = f"reconstruction {metrics['reconstruction_loss']:.1f} nats, no KL"
    if metrics["elbo"] is not None:
        cost = f"ELBO {metrics['elbo']:.1f} nats"
    title = (
        f"{family}, {metadata['latent_dim']} latent dimensions: "
        f"{'blessed' if evaluation.verdict.blessed else 'not blessed'}"
    )
    caption = (
        f"{metrics['count']:,} {evaluation.inputs.config.split} images   ·   "
        f"{cost}   ·   PSNR {metrics['psnr']:.1f} dB "
        f"(mean image {metrics['mean_image']['psnr']:.1f})   ·   "
        f"{metrics['active_units']} of {metrics['latent_dim']} dimensions in use"
    )
    buffer = io.BytesIO()
    sheet = model_sheet(rows, candidate.samples[:count], title, caption)
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def bless(
    blessing: types.Artifact,
    verdict: Verdict,
    model: types.Artifact,
    baseline: types.Artifact | None,
) -> None:
    """Marks the artifact as tfx.components.Evaluator does, so Resolver and Pusher know it."""
    text, number = blessing.set_string_custom_property, blessing.set_int_custom_property
    text(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri)
    number(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
    if baseline is not None:
        text(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, baseline.uri)
        number(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, baseline.id)
    name = constants.BLESSED_FILE_NAME if verdict.blessed else constants.NOT_BLESSED_FILE_NAME
    value = constants.BLESSED_VALUE if verdict.blessed else constants.NOT_BLESSED_VALUE
    io_utils.write_string_file(os.path.join(blessing.uri, name), "\n".join(verdict.reasons) + "\n")
    number(constants.ARTIFACT_PROPERTY_BLESSED_KEY, value)


def write_json(path: str, value: dict[str, Any]) -> None:
    """Writes plain data; numbers that are not finite are written as null."""
    text = json.dumps(_finite(value), indent=2, sort_keys=True, allow_nan=False)
    io_utils.write_string_file(path, text + "\n")


def _finite(value: Any) -> Any:
    """Replaces what JSON has no number for by None."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
