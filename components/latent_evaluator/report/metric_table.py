"""The table of metrics: what each is called, and how it compares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

HIGH, LOW, NEITHER = "high", "low", ""


class Measure(NamedTuple):
    """path: in a model's metrics, levels apart by dots. better: which way is the good one."""

    path: str
    name: str
    unit: str
    form: str
    better: str
    words: str


GROUPS: tuple[tuple[str, tuple[Measure, ...]], ...] = (
    (
        "Likelihood",
        (
            Measure("elbo", "ELBO", "nats", ",.1f", HIGH, "lower bound of log p(x), an image"),
            Measure("iw_log_likelihood", "log-likelihood", "nats", ",.1f", HIGH,
                    "importance-weighted, a tighter bound"),
            Measure("reconstruction_loss", "reconstruction loss", "nats", ",.1f", LOW,
                    "negative log p(x|z), an image"),
            Measure("kl_loss", "KL", "nats", ",.2f", NEITHER, "what a code tells about its image"),
            Measure("bits_per_dim", "bits per dimension", "", ".4f", LOW,
                    "negative ELBO for each pixel and channel"),
        ),
    ),
    (
        "Reconstructions",
        (
            Measure("psnr", "PSNR", "dB", ".2f", HIGH, "peak signal to noise"),
            Measure("mse", "mean squared error", "", ".5f", LOW, "of pixels in 0 to 1"),
            Measure("ssim", "SSIM", "", ".3f", HIGH, "structural similarity, at most 1"),
            Measure("unexplained", "unexplained", "", ".1%", LOW,
                    "error left of a constant mean image's"),
            Measure("cfid_reconstructions", "cFID", "", ".2f", LOW,
                    "Frechet distance by the eye of the extractor below"),
            Measure("sliced_wasserstein_reconstruction", "sliced Wasserstein", "", ".4f", LOW,
                    "distance of the images' distributions, no extractor"),
        ),
    ),
    (
        "Samples of the prior",
        (
            Measure("cfid_samples", "cFID", "", ".2f", LOW,
                    "Frechet distance by the eye of the extractor below"),
            Measure("sliced_wasserstein", "sliced Wasserstein", "", ".4f", LOW,
                    "distance of the images' distributions, no extractor"),
            Measure("precision", "precision", "", ".3f", HIGH, "samples that look real"),
            Measure("recall", "recall", "", ".3f", HIGH, "real images the samples come near to"),
            Measure("nearest_train.memorised", "memorised", "", ".1%", LOW,
                    "samples that repeat a training image"),
        ),
    ),
    (
        "Latent space",
        (
            Measure("active_units", "active units", "", ",d", NEITHER, "latent dimensions in use"),
            Measure("latent_dim", "latent dimensions", "", ",d", NEITHER, ""),
        ),
    ),
    (
        "Condition",
        (
            Measure("label_fidelity.accuracy", "label fidelity", "", ".1%", HIGH,
                    "samples recognised as what they were asked to be"),
            Measure("label_fidelity.accuracy_real", "of real images", "", ".1%", NEITHER,
                    "what the same eye recognises of them"),
            Measure("condition_probe.score", "condition in the code", "", ".3f", LOW,
                    "what a probe reads of the condition from z"),
            Measure("condition_probe.chance", "by chance", "", ".3f", NEITHER,
                    "the probe's score if z told nothing"),
        ),
    ),
    (
        "Known factors",
        (
            Measure("disentanglement.mig", "MIG", "", ".3f", HIGH, "mutual information gap"),
            Measure("disentanglement.sap", "SAP", "", ".3f", HIGH,
                    "separated attribute predictability"),
            Measure("disentanglement.dci.disentanglement", "DCI disentanglement", "", ".3f",
                    HIGH, "each dimension tells of one factor"),
            Measure("disentanglement.dci.completeness", "DCI completeness", "", ".3f", HIGH,
                    "each factor is told by one dimension"),
            Measure("disentanglement.dci.informativeness", "DCI informativeness", "", ".3f",
                    HIGH, "how well the factors are told at all"),
        ),
    ),
)  # fmt: skip


class MetricRow(NamedTuple):
    """A row of the table, in words. change: against the baseline; verdict: better, worse, even."""

    name: str
    words: str
    value: str
    unit: str
    interval: str
    baseline: str
    baseline_interval: str
    mean_image: str
    change: str
    verdict: str


def table(
    candidate: dict[str, Any], baseline: dict[str, Any] | None
) -> list[tuple[str, list[MetricRow]]]:
    """Groups of rows, of what was measured."""
    groups = [
        (
            title,
            [
                _line(m, candidate, baseline)
                for m in measures
                if _value(candidate, m.path) is not None
            ],
        )
        for title, measures in GROUPS
    ]
    return [(title, lines) for title, lines in groups if lines]


def headline(candidate: dict[str, Any], baseline: dict[str, Any] | None) -> list[MetricRow]:
    """The few numbers at the top."""
    wanted: tuple[str, ...] = ("elbo", "kl_loss", "psnr", "unexplained", "cfid_samples", "recall")
    if _value(candidate, "elbo") is None:
        wanted = ("reconstruction_loss", *wanted[2:])
    known = {measure.path: measure for _, measures in GROUPS for measure in measures}
    return [
        _line(known[path], candidate, baseline)
        for path in wanted
        if _value(candidate, path) is not None
    ]


def number(value: Any, form: str) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return "not finite"
    return format(int(value) if form.endswith("d") else value, form).replace("-", "\u2212")


def _line(
    measure: Measure, candidate: dict[str, Any], baseline: dict[str, Any] | None
) -> MetricRow:
    value, interval = _value(candidate, measure.path), _interval(candidate, measure)
    before = None if baseline is None else _value(baseline, measure.path)
    change, verdict = _change(measure, value, before, _value(candidate, measure.path + "_interval"))
    return MetricRow(
        name=measure.name,
        words=measure.words,
        value=number(value, measure.form),
        unit=measure.unit,
        interval=interval,
        baseline=number(before, measure.form),
        baseline_interval="" if baseline is None else _interval(baseline, measure),
        mean_image=number(_value(candidate, f"mean_image.{measure.path}"), measure.form),
        change=change,
        verdict=verdict,
    )


def _change(measure: Measure, value: Any, before: Any, interval: Any) -> tuple[str, str]:
    """In words, and whether it is more than the interval of the measurement allows."""
    if (
        before is None
        or not measure.better
        or not math.isfinite(value)
        or not math.isfinite(before)
    ):
        return "", ""
    gain = (value - before) * (1 if measure.better == HIGH else -1)
    if not gain:
        return "the same", "even"
    size = number(abs(value - before), measure.form)
    if interval and interval[0] <= before <= interval[1]:
        return f"{size} {'better' if gain > 0 else 'worse'}, within the interval", "even"
    return f"{size} {'better' if gain > 0 else 'worse'}", "better" if gain > 0 else "worse"


def _interval(metrics: dict[str, Any], measure: Measure) -> str:
    bounds = _value(metrics, measure.path + "_interval")
    if not bounds:
        return ""
    return " to ".join(number(bound, measure.form) for bound in bounds)


def _value(metrics: Mapping[str, Any], path: str) -> Any:
    found: Any = metrics
    for name in path.split("."):
        if not isinstance(found, Mapping) or found.get(name) is None:
            return None
        found = found[name]
    return found
