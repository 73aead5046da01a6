"""Retraining as data grows: three spans, the third of other drawings."""

import io
import json
import os

import pytest

from components.blessed_models.registry import BlessingRegistry
from data_prep.synthetic.drawings import write_drawings
from pipeline.config.pipeline import load_config
from pipeline.local.console import RunConsole
from pipeline.local.run import run_local
from pipeline.local.summary import Summary

pytestmark = pytest.mark.e2e

TINY = (
    "name=spans",
    "data.workers=1",
    "data.window=2",
    "data.image_size=16",
    "model.latent_dim=4",
    "train.epochs=25",
    "train.batch_size=16",
    "train.learning_rate=0.003",
    "train.pictures=false",
    "train.warm_start=true",
)


class Place:
    """A root, and spans of drawings that come one by one."""

    def __init__(self, folder, lenient):
        self.root, self.raw = folder / "root", folder / "raw"
        self.settings = (*TINY, *lenient)

    def add(self, span, words=()):
        folder = self.raw / f"span-{span:02d}"
        write_drawings(str(folder), per_word=30, seed=span)
        for file in folder.glob("*.bin"):
            if words and file.stem not in words:
                file.unlink()

    def run(self, *more):
        inputs = f"data.input={self.raw}/span-{{SPAN:2}}/*.bin"
        config = load_config("quickdraw", [inputs, *self.settings, *more])
        summary = Summary(name=config.name, log="")
        run_local(config, self.root, RunConsole(io.StringIO()), summary)
        summary.state = "done"
        return summary.write(self.root)

    def decoders(self):
        return os.listdir(self.root / "serving")

    def shards(self, span):
        files = sorted(self.root.glob(f"spans/{span}-*/Split-*/*.gz"))
        return [(file.stat().st_ino, file.stat().st_mtime_ns) for file in files]


@pytest.fixture(scope="module")
def place(tmp_path_factory, lenient):
    return Place(tmp_path_factory.mktemp("spans"), lenient)


@pytest.fixture(scope="module")
def runs(place):
    """(summary, decoders pushed so far) after each of three spans."""
    found, first = [], None
    for span, words in ((1, ()), (2, ()), (3, ("house", "star"))):
        place.add(span, words)
        found.append((place.run(), place.decoders()))
        first = first or place.shards(1)
    assert place.shards(1) == first and len(first) == 3  # never prepared again
    return found


def first_loss(summary):
    with open(os.path.join(summary["artifacts"]["model_run"], "history.json")) as file:
        return json.load(file)["epochs"][0]["loss"]


def test_every_span_is_prepared_once_and_the_window_moves_on(place, runs):
    windows = []
    for summary, _ in runs:
        with open(os.path.join(summary["artifacts"]["examples"], "manifest.json")) as file:
            manifest = json.load(file)
        windows.append([each["span"] for each in manifest["spans"]])
    assert windows == [[1], [1, 2], [2, 3]]
    assert len(os.listdir(place.root / "spans")) == 3
    assert manifest["counts"]["written"] == 6 * 30 + 2 * 30


def test_the_second_span_goes_on_from_the_blessed_model_and_is_pushed(runs):
    (first, _), (second, pushed), _ = runs
    assert second["blessing"]["blessed"], second["blessing"]["reasons"]
    assert first_loss(second) < 0.8 * first_loss(first)
    assert len(pushed) == 2
    reasons = "\n".join(second["blessing"]["reasons"])
    assert "the last blessed model and champion's" in reasons
    for name in ("label", "image_mean", "image_std", "ink", "latent", "joint distribution"):
        assert f"drift of {name} from span 1 to 2: 0." in reasons


def test_the_shifted_span_is_trained_on_and_not_pushed(runs):
    _, (_, before), (third, pushed) = runs
    assert not third["blessing"]["blessed"] and sorted(pushed) == sorted(before)
    (label, *_) = third["blessing"]["reasons"]
    assert label.startswith("drift of label from span 2 to 3: too far: 0.667 (at most 0.2, n")
    report = os.path.join(third["artifacts"]["evaluation"], "report.html")
    with open(report) as file:
        page = file.read()
    assert 'id="drift"' in page and "Span 3 against span 2, the last blessed one" in page


def test_whoever_accepts_the_drift_pushes_without_training_again(place, runs):
    """Last: the third span is the blessed one from here on."""
    accepted = ["drift.accept=3"]
    summary = place.run(*accepted)
    assert summary["blessing"]["blessed"], summary["blessing"]["reasons"]
    assert summary["nodes"]["Trainer"]["cached"] and len(place.decoders()) == 3
    with open(os.path.join(summary["artifacts"]["model"], "learned.json")) as file:
        learned = json.load(file)
    assert learned["spans"][-1]["span"] == 3  # what the next one is compared with
    records = BlessingRegistry(str(place.root / "blessed")).all()
    assert [each.reference_span["name"] for each in records] == ["1", "1", "3"]
    assert [each.champion for each in records][:1] == [True]
    assert sorted(each.pushed for each in records) == sorted(place.decoders())
    # The blessed model is another start than before, yet nothing is trained further.
    again = place.run(*accepted)
    assert not again["nodes"]["Trainer"]["cached"] and len(place.decoders()) == 3
    with open(os.path.join(again["artifacts"]["model"], "learned.json")) as file:
        assert json.load(file) == learned
