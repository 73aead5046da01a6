"""Fixtures of the tests that run the whole DAG."""

from __future__ import annotations

import pytest

JUDGED_BY_SAMPLES = (
    "max_kid_ratio",
    "min_density",
    "min_coverage",
    "min_fidelity",
    "max_distance_worse",
    "max_density_lost",
    "max_coverage_lost",
    "max_fidelity_lost",
)


@pytest.fixture(scope="session")
def lenient() -> tuple[str, ...]:
    """Overrides under which a model of a few drawings is measured in seconds, and blessed."""
    return (
        "evaluation.min_active_units=1",
        "evaluation.max_unexplained=1",
        *(f"evaluation.{name}=null" for name in JUDGED_BY_SAMPLES),
        "evaluation.max_gain_lost=10",
        "evaluation.max_memorised=1",
        "evaluation.max_nearer_training=1",
        "evaluation.max_train_gap=10",
        "evaluation.min_class_share=0",
        "evaluation.samples=64",
        "evaluation.resamples=20",
        "evaluation.extractor.steps=5",
    )
