"""The report as one page, report.html."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from tfx.dsl.io import fileio

from components.latent_evaluator.report import tables
from components.latent_evaluator.report.inputs import ReportInputs
from components.latent_evaluator.report.model_view import ModelView
from components.latent_evaluator.report.registry import read_source, render_template
from components.latent_evaluator.report.sections import SECTIONS

FILE = "report.html"


def write_report(path: str, inputs: ReportInputs) -> None:
    """Writes the page, a few MB in all: images inside, no address, no script but its own."""
    with fileio.open(path, "w") as file:
        file.write(render(inputs))


def render(inputs: ReportInputs) -> str:
    """Returns the page. Every name that comes from the data is escaped by the template engine."""
    view = ModelView(inputs)
    bodies = [(section, section.build(view)) for section in SECTIONS.values()]
    script = read_source("walk.js")
    page = render_template(
        "report.html",
        title=_title(inputs.description),
        inputs=inputs,
        headline=tables.headline(inputs.candidate, inputs.baseline),
        sections=[(section, body) for section, body in bodies if body is not None],
        style=read_source("style.css"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return str(page)


def _title(description: dict[str, Any]) -> str:
    parts = [
        description["family"].upper().replace("_", "-"),
        description.get("architecture"),
        f"{description['latent_dim']} latent dimensions",
    ]
    if description.get("condition"):
        parts.append(f"conditioned on the {description['condition']['kind']}")
    return ", ".join(part for part in parts if part)
