"""The examples of CONTRIBUTING.md, run as they stand."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import components.latent_evaluator.metrics.catalogue as metrics
from components.latent_evaluator.metrics.registry import Judged, check_thresholds
from components.latent_evaluator.report.sections import SECTIONS
from data_prep.config import PrepConfig
from data_prep.source_registry import sources, unregister_source
from pipeline.cluster.targets.registry import TARGETS
from trainer.config import ImageShape, ModelConfig, TrainConfig, TrainerConfig
from trainer.config.architectures import ARCHITECTURES
from trainer.config.choices import TRACKERS
from trainer.config.families import FAMILIES
from trainer.models.registry import build_model

PAGE = (Path(__file__).resolve().parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"### Add an? (\w+)\n[^#]*?```python\n(.*?)```", PAGE, re.S))
REGISTRIES = [FAMILIES, ARCHITECTURES, metrics.METRICS, SECTIONS, TRACKERS, TARGETS]


@pytest.fixture(autouse=True)
def registries_stay_as_they_are():
    before = [dict(registry) for registry in REGISTRIES]
    yield
    for registry, entries in zip(REGISTRIES, before, strict=True):
        registry.clear()
        registry.update(entries)


def run(heading):
    namespace = {"__name__": f"example_{heading}"}
    exec(EXAMPLES[heading], namespace)
    return namespace


def statements(code):
    """Returns the lines of an example but imports and blank ones."""
    body = re.sub(r"^(from|import) .*?(\([^)]*\).*?)?$\n", "", code, flags=re.M)
    return [line for line in body.splitlines() if line.strip()]


def test_there_is_an_example_of_each_kind_and_none_is_long():
    assert set(EXAMPLES) == {
        "source", "family", "architecture", "metric", "section", "tracker", "target",
    }  # fmt: skip
    long = {heading for heading, code in EXAMPLES.items() if len(statements(code)) > 20}
    assert not long


def test_source():
    run("source")
    try:
        assert sources()["toy"].extensions == (".toy",)
        config = PrepConfig(source="toy", image_size=16)
        assert sources()["toy"].image_shape(config) == (16, 16, 1)
    finally:
        unregister_source("toy")


def build(**model):
    config = TrainerConfig(
        image=ImageShape(height=8, width=8), model=ModelConfig(**model), train=TrainConfig()
    )
    return build_model(config)


def test_family():
    run("family")
    model = build(family="squared", architecture="dense_512", latent_dim=3)
    penalty = model.regularizer(np.array([[1.0, 2.0, 2.0]], np.float32), np.zeros((1, 3)))
    assert np.asarray(penalty).tolist() == [9.0]


def test_architecture():
    run("architecture")
    model = build(architecture="pooled", latent_dim=3)
    assert model.encoder.count_params() == 16 * 9 + 16 + 2 * (16 * 3 + 3)
    assert model.decode(np.zeros((2, 3), np.float32)).shape == (2, 8, 8, 1)


def test_metric():
    run("metric")
    model = SimpleNamespace(samples=np.full((2, 4, 4, 1), 153), images=np.zeros((2, 4, 4, 1)))
    values = metrics.METRICS["brightness_gap"].measure(model)
    assert values == {"brightness_gap": pytest.approx(0.6)}
    (check,) = check_thresholds(Judged(metrics=values, config=None))
    assert check[:2] == (False, "samples are 0.600 brighter (at most 0.2)")
    assert check[2:5] == ("brightness", "0.600", "at most 0.200")


@pytest.mark.parametrize(("channels", "shown"), [(1, "<p>from 3 to 9</p>"), (3, None)])
def test_section(channels, shown):
    run("section")
    image = SimpleNamespace(channels=channels)
    inputs = SimpleNamespace(
        manifest=SimpleNamespace(image=image), shown=SimpleNamespace(images=np.array([3, 9]))
    )
    assert SECTIONS["palette"].build(SimpleNamespace(inputs=inputs)) == shown
    order = list(SECTIONS)
    assert order.index("palette") == order.index("slices") - 1


def test_tracker(tmp_path):
    run("tracker")
    tracker = TRACKERS["lines"](
        str(tmp_path), TrainerConfig(train=TrainConfig(trackers=("lines",)))
    )
    tracker.log({"loss": 2.5}, 1)
    assert json.loads((tmp_path / "lines.jsonl").read_text()) == {"epoch": 1, "loss": 2.5}


def test_target():
    run("target")
    target = TARGETS["nodes"]
    spec = {"pipelineSpec": {"components": {"Trainer": {}, "Pusher": {}}}}
    graph = SimpleNamespace(compile=lambda **_: spec)
    assert target.dump(target.compile(graph)) == "Pusher\nTrainer\n"
