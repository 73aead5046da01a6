"""The feature network: what it learns, that it is the same each time, and what it refuses."""

import numpy as np
import pytest

from trainer.config import FeatureNetworkConfig
from trainer.measures.feature_network import (
    FeatureNetwork,
    Features,
    Task,
    cfid,
    choose_task,
    export_feature_network,
    train_feature_network,
    weights_hash,
)

QUICK = FeatureNetworkConfig(steps=60, batch_size=32)


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
    return images, train_feature_network(Task(images, kind, targets, outputs), config)


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
    images, model = learned("autoencoder", None, 0, FeatureNetworkConfig(steps=250, batch_size=32))
    pixels = images.reshape(300, -1) / 255
    logits = np.asarray(model(images.astype(np.float32) / 255)["scores"])
    error = np.mean((1 / (1 + np.exp(-logits)) - pixels) ** 2)
    assert error < 0.7 * np.mean((pixels.mean(axis=0) - pixels) ** 2)


def test_its_hash_is_one_of_its_weights():
    images, stands = shapes()
    few = FeatureNetworkConfig(steps=3, batch_size=8)
    task = Task(images, "label", stands, 2)
    names = [weights_hash(train_feature_network(task, few)) for _ in range(2)]
    assert names[0] == names[1] and len(names[0]) == 16
    other = FeatureNetworkConfig(steps=3, batch_size=8, seed=1)
    assert weights_hash(train_feature_network(task, other)) != names[0]


def test_features_of_different_networks_are_not_compared():
    values = np.random.default_rng(0).normal(size=(10, 3))
    one, other = Features(values, values, "abc"), Features(values, values, "def")
    assert cfid(one, one) == pytest.approx(0, abs=1e-9)
    with pytest.raises(ValueError, match="extractors abc and def cannot be compared"):
        cfid(one, other)


IMAGES = np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8, 1)
INDEX, NONE = np.array([1, -1, 0, 1]), np.zeros((4, 0), np.int64)


def test_labels_are_learned_before_attributes_and_images_without_one_are_left_out():
    task = choose_task(IMAGES, INDEX, 2, np.eye(4, 3))
    assert task.kind == "label" and task.outputs == 2 and task.targets.tolist() == [1, 0, 1]
    assert np.array_equal(task.images, IMAGES[[0, 2, 3]])


def test_a_single_label_says_nothing():
    task = choose_task(IMAGES, np.zeros(4, int), 1, np.eye(4, 3))
    assert task.kind == "attributes" and task.outputs == 3
    assert np.array_equal(task.targets, np.eye(4, 3)) and len(task.images) == 4
    task = choose_task(IMAGES, np.zeros(4, int), 1, NONE)
    assert task.kind == "autoencoder" and task.targets is None and task.outputs == 0


def test_a_written_network_gives_the_features_of_the_trained_one(tmp_path):
    images, stands = shapes(600)
    few = FeatureNetworkConfig(steps=2, batch_size=8)
    model = train_feature_network(Task(images, "label", stands, 2), few)
    export_feature_network(model, str(tmp_path), {"kind": "label"})
    network = FeatureNetwork(str(tmp_path))
    assert network.facts == {"hash": weights_hash(model), "kind": "label"}
    features = network(images)
    expected = model(images.astype(np.float32) / 255)
    assert features.values == pytest.approx(np.asarray(expected["features"]), abs=1e-4)
    assert features.scores == pytest.approx(np.asarray(expected["scores"]), abs=1e-4)
    assert features.network == network.facts["hash"]
