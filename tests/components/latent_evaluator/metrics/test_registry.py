"""The registry of metrics: its table in the docs, needs, thresholds and names."""

import types
from pathlib import Path

import pytest

from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.catalogue import METRICS, as_markdown
from components.latent_evaluator.metrics.registry import (
    Judged,
    Measurement,
    Row,
    at_least,
    check_thresholds,
    measure,
    metric,
)

DOCS = Path(__file__).parents[4] / "docs" / "evaluation.md"


@pytest.fixture
def registry():
    """An empty registry, for one test."""
    declared = dict(METRICS)
    METRICS.clear()
    yield
    METRICS.clear()
    METRICS.update(declared)


def test_the_docs_hold_the_table_of_the_registry():
    assert as_markdown() in DOCS.read_text()


def test_the_docs_explain_every_metric():
    prose = DOCS.read_text().replace(as_markdown(), "")
    assert [key for key in METRICS if f"`{key}" not in prose] == []


def test_a_key_is_declared_once():
    with pytest.raises(ValueError, match="there is a metric elbo already"):
        metric("elbo", group="")(lambda model: Measurement(0))


def test_a_metric_whose_needs_are_not_met_is_none_and_not_computed(registry):
    @metric("plain", group="", needs=("has_posterior",))
    def plain(model):
        return Measurement(model.value)

    @metric("doubled", group="", needs=("value",))
    def doubled(model):
        return Measurement(2 * model.value, (1, 5))

    model = types.SimpleNamespace(has_posterior=False, value=2)
    assert measure(model) == {"plain": None, "doubled": 4, "doubled_interval": [1, 5]}
    model = types.SimpleNamespace(has_posterior=True, value=None)
    assert measure(model) == {"plain": None, "doubled": None}


def test_a_limit_is_a_number_or_a_field_of_the_config(registry):
    metric("one", group="", threshold=at_least(3, "one is {value}, two {two}", refused="no: "))(
        None
    )
    metric("two", group="", threshold=at_least("least", "two is {value} (at least {limit})"))(None)
    judged = Judged(metrics={"one": 2, "two": 5}, config=types.SimpleNamespace(least=5))
    assert [check[:3] for check in check_thresholds(judged)] == [
        (False, "no: one is 2, two 5", "one"),
        (True, "two is 5 (at least 5)", "two"),
    ]


def test_reasons_begin_with_collapse_and_end_with_overfitting():
    judged = {
        "active_units": 3, "latent_dim": 4, "unexplained": 0.2,
        "nearest_train": {
            "memorised": 0.0, "memorised_held_out": 0.0, "excess_interval": [0, 0], "samples": 20
        },
        "classes": {"cat": {"real": 1.0, "sampled": 1.0}},
    }  # fmt: skip
    checks = check_thresholds(Judged(metrics=judged, config=EvaluationConfig()))
    words = ["dimensions are in use", "mean image's error", "of 1 classes is", "are copies of"]
    assert [part in check.words for part, check in zip(words, checks, strict=True)] == [True] * 4


def test_rows_of_one_metric_are_places_in_its_value():
    assert METRICS["condition_probe"].path(Row("", "", part="score")) == ("condition_probe.score")
