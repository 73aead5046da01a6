"""The sections of the report, in the order of the page."""

from __future__ import annotations

import base64

from markupsafe import Markup

from components.latent_evaluator.report import charts, image_panels, tables
from components.latent_evaluator.report.data_uri import Picture
from components.latent_evaluator.report.model_view import ModelView
from components.latent_evaluator.report.registry import SECTIONS, render_template, section
from components.tuner.pareto import DISTORTION, RATE
from trainer.export.metadata import has_prior

__all__ = ["SECTIONS"]

DRIFT_NAMES = {
    "label": ("labels", "share of images that would need another label"),
    "attribute": ("attributes", "largest change of a share"),
    "image_mean": ("mean pixel value", "Kolmogorov-Smirnov distance"),
    "image_std": ("deviation of pixel values", "Kolmogorov-Smirnov distance"),
    "ink": ("ink", "Kolmogorov-Smirnov distance of the share of drawn pixels"),
    "latent": ("latent distribution", "largest Kolmogorov-Smirnov distance of a dimension"),
    "joint distribution": (
        "joint distribution",
        "how well a classifier tells the spans apart by codes and image statistics",
    ),
}
PLOT_SIZE = (640, 440)  # pixels; the plot's own proportions


@section("conditions", "Conditions", heading="Conditions of a push")
def conditions(view: ModelView) -> Markup | None:
    verdict = view.inputs.verdict
    if not verdict.gates:
        return None
    return render_template("conditions.html", verdict=verdict)


@section("metrics", "Metrics")
def metrics(view: ModelView) -> Markup:
    inputs = view.inputs
    table = tables.metrics(inputs.candidate, inputs.baseline)
    return render_template("metrics.html", inputs=inputs, metrics=table)


@section("drift", "Drift")
def drift(view: ModelView) -> Markup | None:
    report = view.inputs.drift
    if report is None:
        return None
    reports = [report, *([report.champion] if report.champion else [])]
    outlines = [
        [charts.outlined(DRIFT_NAMES[name][0], each) for name, each in one.histograms.items()]
        for one in reports
    ]
    return render_template(
        "drift.html", drift=report, reports=reports, names=DRIFT_NAMES, outlines=outlines
    )


@section("training", "Training")
def training(view: ModelView) -> Markup | None:
    history = view.inputs.history
    if history is None:
        return None
    # Bits that are no code length (see `scores_of`) are none in training either.
    hidden = {"bits_per_dim"} if view.inputs.candidate.get("bits_per_dim") is None else set()
    curves = charts.curves(history, hidden)
    return render_template("training.html", curves=curves, history=history) if curves else None


@section("search", "Search")
def search(view: ModelView) -> Markup | None:
    report = view.inputs.search
    if report is None:
        return None
    svg = base64.b64encode(report.pareto_svg.encode()).decode()
    words = "Rate against distortion of every trial, with the Pareto front"
    plot = Picture(f"data:image/svg+xml;base64,{svg}", words, *PLOT_SIZE)
    return render_template(
        "search.html", search=report, plot=plot, rate=RATE, distortion=DISTORTION
    )


@section("reconstructions", "Reconstructions")
def reconstructions(view: ModelView) -> Markup:
    panel = image_panels.reconstructions(view)
    return render_template("reconstructions.html", reconstructions=panel)


@section("samples", "Samples")
def samples(view: ModelView) -> Markup:
    return render_template("samples.html", samples=image_panels.samples(view))


@section("manifold", "Manifold")
def manifold(view: ModelView) -> Markup | None:
    panel = image_panels.manifold(view)
    if panel is None:
        return None
    return render_template("manifold.html", manifold=panel, inputs=view.inputs)


@section("traversals", "Traversals")
def traversals(view: ModelView) -> Markup:
    return render_template("traversals.html", traversals=image_panels.traversals(view))


@section("walk", "Walk", heading="Walk along an attribute")
def walk(view: ModelView) -> Markup | None:
    walks = image_panels.walks(view)
    return render_template("walk.html", walks=walks) if walks else None


@section("edits", "Edits", heading="Attribute edits")
def edits(view: ModelView) -> Markup | None:
    panels = image_panels.edits(view)
    if not panels:
        return None
    prior = has_prior(view.inputs.description)
    return render_template("edits.html", edits=panels, has_prior=prior)


@section("morphs", "Morphs")
def morphs(view: ModelView) -> Markup | None:
    panel = image_panels.morphs(view)
    return render_template("morphs.html", morphs=panel) if panel else None


@section("styles", "Styles")
def styles(view: ModelView) -> Markup | None:
    panel = image_panels.styles(view)
    return render_template("styles.html", styles=panel, inputs=view.inputs) if panel else None


@section("latent", "Latent space")
def latent_space(view: ModelView) -> Markup | None:
    normality = view.inputs.candidate.get("latent_normality")
    histograms = charts.histograms(normality, view.order) if normality else []
    kl = charts.columns(view.sizes, view.order) if view.has_kl else None
    if not histograms and kl is None:
        return None
    return render_template("latent.html", histograms=histograms, kl=kl)


@section("vectors", "Vectors", heading="Attribute vectors")
def vectors(view: ModelView) -> Markup | None:
    estimated = view.inputs.vectors
    rows = tables.vector_order(estimated) if estimated else []
    if estimated is None or not rows:
        return None
    cosines = charts.heat_map(estimated)
    return render_template("vectors.html", vectors=estimated, rows=rows, cosines=cosines)


@section("slices", "Slices")
def slices(view: ModelView) -> Markup | None:
    by_label = view.inputs.candidate.get("labels") or {}
    parts = tables.slices({"label": by_label, **view.inputs.slices})
    return render_template("slices.html", slices=parts) if parts else None


@section("data", "Data", heading="Data card")
def data(view: ModelView) -> Markup:
    return render_template("data.html", card=tables.data_card(view.inputs.manifest))
