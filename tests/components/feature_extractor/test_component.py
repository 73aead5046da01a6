"""The node that trains the feature network."""

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
from trainer.config import FeatureNetworkConfig
from trainer.measures.feature_network import FeatureNetwork

QUICK = FeatureNetworkConfig(steps=60, batch_size=32)


def run(examples, folder, config):
    data, extractor = standard_artifacts.Examples(), Extractor()
    data.uri, data.split_names, extractor.uri = examples, '["train", "eval", "test"]', str(folder)
    component.Executor().Do(
        {component.EXAMPLES: [data]},
        {component.EXTRACTOR: [extractor]},
        {"config": json.dumps(to_dict(config)), "code_version": "1"},
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
    network = run(data, tmp_path / "one", FeatureNetworkConfig(steps=2, batch_size=8))
    facts = network.facts
    assert facts["kind"] == "label" and len(facts["names"]) == 6 and facts["names"][0] < "d"
    manifest = json.loads(Path(data, "manifest.json").read_text())
    assert facts["images"] == manifest["counts"]["by_split"]["train"]
    found = network(np.zeros((3, 16, 16, 1), np.uint8))
    assert found.values.shape == (3, 64) and found.scores.shape == (3, 6)
    assert found.network == facts["hash"]
    limited = run(data, tmp_path / "two", FeatureNetworkConfig(steps=1, batch_size=8, images=30))
    assert limited.facts["images"] == 30 and limited.facts["hash"] != facts["hash"]


def test_no_images_to_learn_from_is_wrong_input(tmp_path, data):
    (tmp_path / "Split-train").mkdir()
    (tmp_path / "manifest.json").write_bytes(Path(data, "manifest.json").read_bytes())
    with pytest.raises(InputError, match="the train split has no images to learn from"):
        run(str(tmp_path), tmp_path / "one", QUICK)
