"""How far two spans are apart: known distances, known noise, and what is not compared."""

import dataclasses
import json
import math
import os

import numpy as np
import pytest
import yaml
from tfx.types import standard_artifacts

from components.artifacts import Drift
from components.blessed_models.champion import find_champion
from components.blessed_models.registry import BlessedModel, BlessingRegistry, now
from components.latent_evaluator.blessing import judge
from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.thresholds import Judged
from components.span_drift import executor
from components.span_drift.config import DriftConfig
from components.span_drift.distances import (
    SpanStatistics,
    attribute_shift,
    label_shift,
    measures,
)
from components.span_drift.drift import DriftMeasure, DriftReport, read_drift
from components.span_drift.noise import ALPHA, ks_noise
from data_prep.config import PrepConfig
from data_prep.errors import InputError
from data_prep.job.prepare import prepare
from data_prep.job.window import SpanWindow, prepare_window
from data_prep.manifest import manifest_sha256, read_manifest
from data_prep.synthetic.drawings import write_drawings
from data_prep.synthetic.faces import ATTRIBUTES_FILE, write_faces

METRICS = {"elbo": -100.0, "active_units": 4, "latent_dim": 8, "unexplained": 0.2}
GOOD = Judged(metrics=METRICS, config=EvaluationConfig())
CONFIG = DriftConfig()


def facts(count=1000, labels=None, attributes=None, image=None, z_mean=None):
    return SpanStatistics(count, labels or {}, attributes or {}, image or {}, z_mean)


def test_labels_move_by_half_the_sum_of_all_changes():
    found = label_shift({"cat": 500, "dog": 500}, {"cat": 200, "dog": 500, "owl": 300}, 0.2)
    assert found.distance == pytest.approx(0.3) and not found.passed
    assert found.words == "cat 50.0% to 20.0%, owl 0.0% to 30.0%"
    same = label_shift({"cat": 5, "dog": 5}, {"cat": 500, "dog": 500}, 0.0)
    assert same.distance == 0 and same.passed and same.words == "no share has changed"
    by_chance = label_shift({"cat": 5, "dog": 5}, {"cat": 4, "dog": 6}, 0.05)
    assert by_chance.distance == pytest.approx(0.1) and by_chance.passed


def test_the_attribute_that_moved_too_far_is_named():
    old = facts(attributes={"Hat": 500, "Male": 100, "Young": 900})
    new = facts(attributes={"Hat": 505, "Male": 400, "Young": 850})
    found = attribute_shift(old, new, 0.1)
    assert (found.distance, found.words) == (pytest.approx(0.3), "Male 10.0% to 40.0%")
    assert not found.passed and attribute_shift(old, new, 0.31).passed


def test_image_statistics_and_codes_are_apart_by_kolmogorov_and_smirnov():
    ramp = np.linspace(0, 1, 400)
    codes = np.stack([ramp, ramp, 1e-3 * ramp], axis=1)
    # A quarter of a uniform distribution; the last dimension is not in use.
    shifted = codes + np.array([0, 0.25, 5e-3])
    old = facts(image={"ink": ramp}, z_mean=codes)
    new = facts(image={"ink": ramp}, z_mean=shifted)
    ink, latent, joint = measures(old, new, CONFIG)
    assert joint.name == "joint distribution" and joint.words.startswith("mean of z1 0.5 to 0.75")
    assert (ink.name, ink.distance, ink.passed) == ("ink", 0, True)
    assert latent.name == "latent" and latent.distance == pytest.approx(0.25, abs=0.01)
    assert latent.words.startswith("z1 of 2: mean 0.5 to 0.75, deviation 0.289 to 0.289")
    assert not latent.passed


@pytest.mark.parametrize("kind", ["label", "attribute", "values"])
def test_noise_is_what_chance_hardly_exceeds_and_often_comes_near(kind):
    """300 pairs of small samples of one distribution."""
    random = np.random.default_rng(0)
    beyond = []
    for _ in range(300):
        if kind == "label":
            counts = [random.multinomial(90, [0.5, 0.3, 0.2]) for _ in range(2)]
            named = [dict(zip("abc", map(int, each), strict=True)) for each in counts]
            found = label_shift(*named, 0.0)
        elif kind == "attribute":
            pair = [facts(90, attributes={"a": int(random.binomial(90, 0.3))}) for _ in range(2)]
            found = attribute_shift(*pair, 0.0)
        else:
            pair = [facts(image={"ink": random.normal(size=90)}) for _ in range(2)]
            found = next(measures(*pair, dataclasses.replace(CONFIG, max_image=0.0)))
        beyond.append(found.distance / found.noise)
    assert np.mean(np.array(beyond) > 1) <= 0.01
    assert np.quantile(beyond, 0.99) > 0.6


def test_the_bound_of_smirnov():
    """For samples of equal size n: sqrt(-ln(alpha / 2) / n)."""
    assert ks_noise(500, 500) == pytest.approx(math.sqrt(-math.log(ALPHA / 2) / 500))
    assert ks_noise(500, 500, columns=64) > ks_noise(500, 500)


class Encoder:
    """Codes are the mean of the left and of the right half of an image."""

    metadata = {"image": {"height": 16, "width": 16, "channels": 1}, "condition": None}  # noqa: RUF012

    def encode(self, records):
        pixels = records.images.reshape(-1, 16, 2, 8)
        return pixels.mean(axis=(1, 3)) / 64, None


@pytest.fixture(scope="module")
def spans(tmp_path_factory):
    """The manifests' `spans` of 1 and 2, which are alike, and 3, of two words out of six."""
    folder = tmp_path_factory.mktemp("spans")
    for span in (1, 2, 3):
        write_drawings(str(folder / f"raw/{span}"), per_word=60, seed=span)
    for word in ("cup", "face", "fish", "flower"):
        (folder / f"raw/3/{word}.bin").unlink()
    manifest = prepare_window(
        PrepConfig(source="quickdraw", image_size=16),
        [f"{folder}/raw/{{SPAN}}/*.bin"],
        str(folder / "window"),
        SpanWindow(spans=3, store=str(folder / "spans")),
        newest=3,
    )
    return folder, manifest.spans


def test_like_spans_are_alike_and_a_shifted_one_is_not(spans):
    one, two, three = spans[1]
    alike = executor.compare(one, two, Encoder(), CONFIG)
    assert (alike.reference, alike.span, alike.note) == ("1", "2", "")
    assert [m.name for m in alike.measures] == [
        "label", "image_mean", "image_std", "ink", "latent", "joint distribution"
    ]  # fmt: skip
    assert all(measure.passed for measure in alike.measures)
    shifted = executor.compare(two, three, Encoder(), CONFIG)
    label = shifted.measures[0]
    assert label.distance == pytest.approx(2 / 3, abs=0.01) and not label.passed
    for found in shifted.histograms.values():
        assert sum(found["span"]) == pytest.approx(1) == sum(found["reference"])
    verdict = judge(GOOD, [], [], drift=shifted)
    assert not verdict.blessed
    assert verdict.reasons[0].startswith("drift of label from span 2 to 3: too far: 0.667 (at most")
    calm = judge(GOOD, [], [], drift=alike)
    assert calm.blessed and sum("drift of" in reason for reason in calm.reasons) == 6


def test_codes_of_other_images_are_not_compared(spans):
    other = Encoder()
    other.metadata = {"image": {"height": 28, "width": 28, "channels": 1}}
    found = executor.compare(spans[1][0], spans[1][1], other, CONFIG)
    assert "takes images of (28, 28, 1)" in found.note
    names = [measure.name for measure in found.measures]
    assert "latent" not in names and "joint distribution" in names, (
        "image statistics alone are compared"
    )
    told = {"kind": "attributes", "names": ["Hat"]}
    other.metadata = Encoder.metadata | {"condition": told}
    found = executor.compare(spans[1][0], spans[1][1], other, CONFIG)
    assert "takes other attributes" in found.note


def run(folder, examples, blessed=None):
    data, drift = standard_artifacts.Examples(), Drift()
    data.uri, drift.uri = str(examples), str(folder / "drift")
    inputs = {executor.EXAMPLES: [data]}
    if blessed:
        model = standard_artifacts.Model()
        model.uri = str(blessed)
        inputs[executor.BASELINE_MODEL] = [model]
    executor.Executor().Do(inputs, {executor.DRIFT: [drift]}, {"config": "{}"})
    return read_drift(drift.uri)


def test_what_there_is_nothing_to_compare_with_is_told(spans, tmp_path):
    folder, known = spans
    assert "no blessed model yet" in run(tmp_path, folder / "window").note
    assert "does not tell its spans" in run(tmp_path, folder / "window", tmp_path).note

    def trained_on(*spans):
        (tmp_path / "learned.json").write_text(json.dumps({"spans": spans}))
        return run(tmp_path, folder / "window", tmp_path)

    assert "not trained on spans" in trained_on().note
    found = trained_on(known[1], known[2])
    assert found.note == "span 3 is the last blessed span itself" and found.reference is None
    assert [check.words for check in found.checks()] == [f"drift: {found.note}"]
    assert all(check.passed for check in found.checks())
    gone = trained_on(known[1] | {"directory": str(tmp_path / "gone")})
    assert gone.note.startswith("the last blessed span, 2, is gone from")
    changed = trained_on(known[1] | {"manifest_sha256": "0"})
    assert "is not in" in changed.note and "as it was" in changed.note
    other = tmp_path / "other"
    options = PrepConfig(source="quickdraw", image_size=16, shards=3, words=("house", "star"))
    prepare(options, [f"{folder}/raw/2/*.bin"], str(other))
    entry = {"directory": str(other), "manifest_sha256": manifest_sha256(str(other))}
    note = trained_on(known[1] | entry).note
    assert "2: it was prepared with words ['house', 'star'], now []: not compared" in note
    options = PrepConfig(source="quickdraw", image_size=24)
    prepare(options, [f"{folder}/raw/2/*.bin"], str(other), overwrite=True)
    note = trained_on(known[1] | {**entry, "manifest_sha256": manifest_sha256(str(other))}).note
    assert "2: its image differ" in note


def test_a_span_without_images_to_look_at_is_not_compared(spans, tmp_path):
    manifest = read_manifest(str(spans[0] / "window"))
    assert executor.span_statistics(str(tmp_path), manifest, None, 100) is None


def test_faces_are_compared_by_attributes_and_brightness(tmp_path):
    """Photos have no ink; the statistics are those that the examples hold."""
    for span in (1, 2):
        write_faces(str(tmp_path / str(span)), count=120, seed=span)
    options = PrepConfig(
        source="celeba", image_size=32, attributes=f"{tmp_path}/{{SPAN}}/{ATTRIBUTES_FILE}"
    )
    window = SpanWindow(spans=2, store=str(tmp_path / "spans"))
    inputs = [f"{tmp_path}/{{SPAN}}/img_align_celeba/*.jpg"]
    manifest = prepare_window(options, inputs, str(tmp_path / "out"), window)
    encoder = Encoder()
    encoder.metadata = {"image": {"height": 28, "width": 28, "channels": 1}}
    # Few people, who keep their attributes: shares move by more than they would among many.
    found = executor.compare(*manifest.spans, encoder, DriftConfig(max_attribute=0.3))
    names = [measure.name for measure in found.measures]
    assert names == ["attribute", "image_mean", "image_std", "ink", "joint distribution"]
    assert [measure for measure in found.measures if not measure.passed] == []


class SlowDrift:
    """Spans whose share of cups grows by .19 each, and models that only their drift refuses."""

    def __init__(self, tmp_path, monkeypatch):
        self.root, self.registry = tmp_path, BlessingRegistry(str(tmp_path / "blessed"))
        monkeypatch.setattr(executor, "LoadedModel", lambda path: None)
        monkeypatch.setattr(executor, "compare", self.compare)
        monkeypatch.setattr(executor, "manifest_sha256", lambda directory: f"sha of {directory}")
        monkeypatch.setattr(executor, "prepared_differently", lambda old, new: "")
        monkeypatch.setattr(executor, "read_manifest", lambda directory: None)
        self.blessed = None

    def compare(self, reference, newest, model, config):
        cups = [0.19 * int(span["name"]) for span in (reference, newest)]
        counts = [{"cup": 1e4 * share, "hat": 1e4 * (1 - share)} for share in cups]
        measure = label_shift(*counts, config.max_label)
        name = newest["name"]
        return DriftReport(span=name, reference=reference["name"], note="", measures=(measure,))

    def span(self, number):
        """Judges a model of that span, which is blessed where its drift allows."""
        directory = self.root / "spans" / str(number)
        directory.mkdir(parents=True)
        (directory / "manifest.json").touch()
        sha = f"sha of {directory}"
        return {"name": str(number), "directory": str(directory), "manifest_sha256": sha}

    def judge(self, span, **config):
        champion = find_champion(self.registry, "")
        report = executor.span_drift(self.blessed, champion, span, DriftConfig(**config))
        verdict = judge(GOOD, [], [], report)
        if verdict.blessed:
            model = self.root / f"model-{span['name']}"
            model.mkdir()
            (model / "learned.json").write_text(json.dumps({"spans": [span]}))
            self.blessed = str(model)
            self.registry.add(
                BlessedModel(
                    time=now(),
                    uri=str(model),
                    id=1,
                    sha256=str(model),
                    manifest_sha256="",
                    champion=champion is None,
                    reference_span=report.measure_from,
                )
            )
        return verdict


def test_a_span_that_drifts_a_little_each_time_does_not_pass_for_ever(tmp_path, monkeypatch):
    drift = SlowDrift(tmp_path, monkeypatch)
    spans = [drift.span(number) for number in range(6)]
    assert drift.judge(spans[0]).blessed and drift.judge(spans[1]).blessed
    refused = drift.judge(spans[2])
    assert not refused.blessed
    (words,) = refused.reasons
    assert words.startswith("drift of label from span 0, the reference span, to 2: too far: 0.380")
    # It is the newest span that is accepted, and measured from then on.
    assert not drift.judge(spans[2], accept=1).blessed
    accepted = drift.judge(spans[2], accept=2)
    assert accepted.blessed and any("accepted: 0.380" in words for words in accepted.reasons)
    assert drift.judge(spans[3]).blessed
    assert "from span 2, the reference span, to 4" in drift.judge(spans[4]).reasons[0]


def test_a_reference_span_that_is_gone_gives_way_to_the_newest(tmp_path, monkeypatch):
    drift = SlowDrift(tmp_path, monkeypatch)
    spans = [drift.span(number) for number in range(4)]
    assert all(drift.judge(span).blessed for span in spans[:2])
    os.remove(os.path.join(spans[0]["directory"], "manifest.json"))
    verdict = drift.judge(spans[2])
    assert verdict.blessed
    assert any("the reference span, 0, is gone from" in words for words in verdict.reasons)
    assert find_champion(drift.registry, "").reference_span == spans[2]


def test_a_pinned_champion_is_measured_from_the_last_span_it_learned(tmp_path, monkeypatch):
    drift = SlowDrift(tmp_path, monkeypatch)
    spans = [drift.span(number) for number in range(3)]
    assert all(drift.judge(span).blessed for span in spans[:2])
    (tmp_path / "model-1" / "Format-TFMA").mkdir()
    (tmp_path / "model-1" / "Format-TFMA" / "saved_model.pb").touch()
    pinned = find_champion(drift.registry, str(tmp_path / "model-1"))
    report = executor.span_drift(drift.blessed, pinned, spans[2], DriftConfig())
    assert report.champion is None and judge(GOOD, [], [], report).blessed


@pytest.mark.parametrize(
    ("written", "name"), [("3", "3"), ("2026-11-20", "2026-11-20"), ("'07'", "07")]
)
def test_a_span_is_accepted_by_its_name_as_yaml_reads_it(written, name):
    assert DriftConfig(accept=yaml.safe_load(written)).accept == name
    with pytest.raises(InputError, match=r"accept: got \[3\], allowed: the name of a span"):
        DriftConfig(accept=[3])


def test_a_report_reads_back_as_it_was_written():
    measure = DriftMeasure("label", 0.3, 0.01, 0.2, "cup 1% to 31%")
    far = DriftReport(span="2", reference="0", note="", measures=(measure,), role="the reference")
    report = DriftReport(
        span="2", reference="1", note="", champion=far, accepted=True, measure_from={"name": "2"}
    )
    assert DriftReport.from_json(report.to_json()) == report
