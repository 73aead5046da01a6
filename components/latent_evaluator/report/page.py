"""Writes report.html."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import jinja2
from markupsafe import Markup
from tfx.dsl.io import fileio

from components.latent_evaluator.report import charts, image_panels, metric_table, tables
from components.latent_evaluator.report.drift_section import drift
from components.latent_evaluator.report.inputs import ReportInputs
from components.latent_evaluator.report.model_view import ModelView
from components.latent_evaluator.report.tuning_section import search
from trainer.export.metadata import has_prior

FILE = "report.html"
_LOADER = jinja2.PackageLoader("components.latent_evaluator.report", "templates")


def write_report(path: str, inputs: ReportInputs) -> None:
    """Writes the page, a few MB in all: images inside, no address, no script but its own."""
    with fileio.open(path, "w") as file:
        file.write(render(inputs))


def render(inputs: ReportInputs) -> str:
    """The page. Every name that comes from the data is escaped by the template engine."""
    environment = jinja2.Environment(
        loader=_LOADER,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script, style = _source(environment, "walk.js"), _source(environment, "style.css")
    page = environment.get_template("report.html")
    return page.render(
        **_contents(inputs),
        style=Markup(style),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        charts=charts,
    )


def _source(environment: jinja2.Environment, name: str) -> str:
    """A file of ours that goes into the page as it is."""
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _contents(inputs: ReportInputs) -> dict[str, Any]:
    subject = ModelView(inputs)
    candidate, vectors = inputs.candidate, inputs.vectors
    normality = candidate.get("latent_normality") or {}
    return {
        "title": _title(inputs.description),
        "has_prior": has_prior(inputs.description),
        "inputs": inputs,
        "headline": metric_table.headline(candidate, inputs.baseline),
        "metrics": metric_table.table(candidate, inputs.baseline),
        "curves": charts.curves(inputs.history) if inputs.history else [],
        "drift": drift(inputs.drift) if inputs.drift else None,
        "search": search(inputs.search) if inputs.search else None,
        "reconstructions": image_panels.reconstructions(subject),
        "samples": image_panels.samples(subject),
        "manifold": image_panels.manifold(subject),
        "traversals": image_panels.traversals(subject),
        "edits": image_panels.edits(subject),
        "walks": image_panels.walks(subject),
        "morphs": image_panels.morphs(subject),
        "styles": image_panels.styles(subject),
        "histograms": charts.histograms(normality, subject.order) if normality else [],
        "kl": charts.columns(subject.sizes, subject.order) if subject.has_kl else None,
        "vectors": tables.vector_rows(vectors) if vectors else [],
        "cosines": charts.heat_map(vectors) if vectors else None,
        "slices": tables.slices({"label": candidate.get("labels") or {}, **inputs.slices}),
        "card": tables.data_card(inputs.manifest),
    }


def _title(description: dict[str, Any]) -> str:
    family = description["family"].upper().replace("_", "-")
    parts = [
        family,
        description.get("architecture"),
        f"{description['latent_dim']} latent dimensions",
    ]
    if description.get("condition"):
        parts.append(f"told the {description['condition']['kind']}")
    return ", ".join(part for part in parts if part)
