"""The extractor: what it learns, that it is the same each time, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest
from tfx.types import standard_artifacts

from components.artifacts import Extractor
from components.feature_extractor import component
from data_prep.config import PrepConfig
from data_prep.config_base import to_dict
from data_prep.errors import InputError
from data_prep.job.prepare import prepare
from data_prep.synthetic.drawings import write_drawings
from trainer.config_parts import ExtractorConfig
from trainer.measures.extractor_features import FeatureNetwork, Features, cfid
from trainer.measures.feature_network import extractor_hash, train_extractor

QUICK = ExtractorConfig(steps=60, batch_size=32)


def shapes(count=300):
    """Bars that lie or stand, uint8 [count, 16, 16, 1], and which of the two."""
    rng = np.random.default_rng(0)
    images, stands = np.zeros((count, 16, 16, 1), np.uint8), rng.integers(0, 2, count)
    for image, standing, at in zip(images, stands, rng.integers(2, 13, count), strict=True):
        image[at : at + 2] = 255
        if standing:
            image[:] = image.transpose(1, 0, 2)
    return images, stands


def learned(kind, targets, outputs, config=QUICK):
    images, _ = shapes()
    return images, train_extractor(images, targets, kind, outputs, config)


def test_it_learns_labels_and_attributes():
    images, stands = shapes()
    _, model = learned("label", stands, 2)
    found = model(images.astype(np.float32) / 255)
    assert found["features"].shape == (300, 64)
    assert np.mean(np.argmax(found["scores"], axis=1) == stands) > 0.95
    both = np.stack([stands, 1 - stands], axis=1)
    _, model = learned("attributes", both, 2)
    scores = np.asarray(model(images.astype(np.float32) / 255)["scores"])
    assert np.mean((scores > 0) == both) > 0.95


def test_without_names_it_learns_the_images():
    images, model = learned("autoencoder", None, 0, ExtractorConfig(steps=250, batch_size=32))
    pixels = images.reshape(300, -1) / 255
    logits = np.asarray(model(images.astype(np.float32) / 255)["scores"])
    error = np.mean((1 / (1 + np.exp(-logits)) - pixels) ** 2)
    assert error < 0.7 * np.mean((pixels.mean(axis=0) - pixels) ** 2)


def test_its_name_is_a_hash_of_what_it_learned():
    images, stands = shapes()
    few = ExtractorConfig(steps=3, batch_size=8)
    names = [extractor_hash(train_extractor(images, stands, "label", 2, few)) for _ in range(2)]
    assert names[0] == names[1] and len(names[0]) == 16
    other = ExtractorConfig(steps=3, batch_size=8, seed=1)
    assert extractor_hash(train_extractor(images, stands, "label", 2, other)) != names[0]


def test_features_of_different_extractors_are_not_compared():
    values = np.random.default_rng(0).normal(size=(10, 3))
    one, other = Features(values, values, "abc"), Features(values, values, "def")
    assert cfid(one, one) == pytest.approx(0, abs=1e-9)
    with pytest.raises(ValueError, match="extractors abc and def cannot be compared"):
        cfid(one, other)


def run(examples, folder, config):
    data, extractor = standard_artifacts.Examples(), Extractor()
    data.uri, data.split_names, extractor.uri = examples, '["train", "eval", "test"]', str(folder)
    component.Executor().Do(
        {component.EXAMPLES: [data]},
        {component.EXTRACTOR: [extractor]},
        {component.CONFIG: json.dumps(to_dict(config)), "code_version": "1"},
    )
    return FeatureNetwork(extractor.uri)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawings")
    write_drawings(str(folder / "raw"), per_word=20, seed=0)
    options = PrepConfig(source="quickdraw", image_size=16)
    prepare(options, [f"{folder}/raw/*.bin"], str(folder / "data"))
    return str(folder / "data")


def test_the_node_trains_on_the_training_split_and_names_what_it_made(tmp_path, data):
    network = run(data, tmp_path / "one", ExtractorConfig(steps=2, batch_size=8))
    facts = network.facts
    assert facts["kind"] == "label" and len(facts["names"]) == 6 and facts["names"][0] < "d"
    manifest = json.loads(Path(data, "manifest.json").read_text())
    assert facts["images"] == manifest["counts"]["by_split"]["train"]
    found = network(np.zeros((3, 16, 16, 1), np.uint8))
    assert found.values.shape == (3, 64) and found.scores.shape == (3, 6)
    assert found.extractor == facts["hash"]
    limited = run(data, tmp_path / "two", ExtractorConfig(steps=1, batch_size=8, images=30))
    assert limited.facts["images"] == 30 and limited.facts["hash"] != facts["hash"]


def test_no_images_to_learn_from_is_wrong_input(tmp_path, data):
    (tmp_path / "Split-train").mkdir()
    (tmp_path / "manifest.json").write_bytes(Path(data, "manifest.json").read_bytes())
    with pytest.raises(InputError, match="the train split has no images to learn from"):
        run(str(tmp_path), tmp_path / "one", QUICK)
