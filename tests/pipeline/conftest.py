"""Fixtures of the tests that run the whole DAG."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def lenient() -> tuple[str, ...]:
    """Overrides under which a model of a few drawings is measured in seconds, and blessed."""
    return (
        "evaluation.min_active_units=1",
        "evaluation.max_unexplained=1",
        "evaluation.max_gain_lost=null",
        "evaluation.max_distance_worse=null",
        "evaluation.max_memorised=1",
        "evaluation.max_nearer_training=1",
        "evaluation.max_train_gap=10",
        "evaluation.min_class_share=0",
        "evaluation.samples=64",
        "evaluation.resamples=20",
        "evaluation.extractor.steps=5",
    )
