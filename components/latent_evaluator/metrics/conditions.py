"""The condition of a conditional model: whether samples show it, and whether codes keep it."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from components.latent_evaluator.metrics.class_coverage import attribute_fidelity, label_fidelity
from components.latent_evaluator.metrics.context import EvaluatedModel
from components.latent_evaluator.metrics.probes import probe_attributes, probe_labels
from components.latent_evaluator.metrics.registry import (
    CONDITION,
    HIGH,
    INTERVAL,
    LOW,
    Measurement,
    Row,
    metric,
)
from components.latent_evaluator.metrics.sample_conditions import (
    kept_to,
    multiple_of,
    non_inferior,
)
from trainer.measures.feature_network import LABEL, Features


@metric(
    "label_fidelity",
    Row(
        "label fidelity",
        ".1%",
        HIGH,
        "samples recognised as what they were asked to be",
        part="accuracy",
    ),
    Row(
        "of real images", ".1%", words="what the same eye recognises of them", part="accuracy_real"
    ),
    group=CONDITION,
    needs=("extractor", "condition"),
    threshold=(
        kept_to(
            "label_fidelity.accuracy",
            "min_fidelity",
            HIGH,
            "label fidelity of samples",
            ".1%",
            of=multiple_of("label_fidelity.accuracy_real", " of that of real images"),
        ),
        non_inferior(
            "label_fidelity.accuracy",
            "max_fidelity_lost",
            HIGH,
            "label fidelity of samples",
            ".1%",
        ),
    ),
)
def fidelity_to_conditions(model: EvaluatedModel) -> Measurement:
    """Measures how often the extractor finds the condition in samples, and in real images.

    It is None where the extractor classifies something else than the condition.
    """
    assert model.extractor is not None and model.condition is not None
    task = model.extractor.facts
    if model.condition["names"] != task["names"]:
        return Measurement(None)
    kind, names = task["kind"], task["names"]
    sampled, by_name = _fidelity(model.sample_conditions, model.features.sampled, kind, names)
    real, _ = _fidelity(model.conditions, model.features.real, kind, names)
    if not len(sampled) or not len(real):
        return Measurement(None)
    sampled = sampled.astype(np.float64)
    return Measurement(
        {
            "accuracy": float(sampled.mean()),
            f"accuracy{INTERVAL}": list(model.mean_interval(sampled)),
            "accuracy_real": float(np.mean(real)),
            "by_name": by_name,
        },
        draws=model.resamples(len(sampled)).astype(np.float64) @ sampled / len(sampled),
    )


def _fidelity(
    conditions: np.ndarray | None, features: Features, kind: str, names: list[str]
) -> tuple[np.ndarray, dict[str, float]]:
    """Returns the fidelity of each image that has a condition, [n], and that by name."""
    assert conditions is not None
    if kind != LABEL:
        return attribute_fidelity(conditions, features.scores, names)
    labelled = conditions.any(axis=1)
    labels = conditions[labelled].argmax(axis=1)
    return label_fidelity(labels, features.scores[labelled], names)


@metric(
    "condition_probe",
    Row(
        "condition in the code",
        ".3f",
        LOW,
        "what the better of two probes reads of the condition from z",
        part="score",
        chance="condition_probe.chance",
    ),
    Row("by a linear probe", ".3f", LOW, part="linear"),
    Row(
        "by nearest neighbours", ".3f", LOW, "the majority of the nearest codes", part="neighbours"
    ),
    Row(
        "independent",
        "",
        words="whether both probes read no more than chance would",
        part="independent",
    ),
    group=CONDITION,
    needs=("condition",),
)
def condition_probe(model: EvaluatedModel) -> Measurement:
    assert model.condition is not None
    z = model.z_mean
    if not np.isfinite(z).all():
        return Measurement(None)
    with threadpool_limits(1):  # many small fits: more threads only wait for each other
        if model.condition["kind"] == LABEL:
            probe = probe_labels(z, np.array(model.records.labels))
        else:
            probe = probe_attributes(z, model.records.attributes)
    return Measurement({"score": probe.score, **probe._asdict()} if probe else None)
