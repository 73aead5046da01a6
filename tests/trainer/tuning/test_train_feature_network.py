"""The task of the feature network of a search."""

import numpy as np
import pytest

from trainer.tuning.train_feature_network import _task, load_feature_network

IMAGES = np.zeros((4, 8, 8, 1), np.uint8)


@pytest.mark.parametrize(
    ("rows", "kind", "count", "outputs"),
    [
        ({}, "autoencoder", 4, 0),
        ({"label_index": np.array([0, 0, 0, 0])}, "autoencoder", 4, 0),
        ({"label_index": np.array([0, 2, -1, 1])}, "label", 3, 3),
        ({"attributes": np.eye(4, 5, dtype=np.int64)}, "attributes", 4, 5),
        ({"label_index": np.full(4, -1), "attributes": np.eye(4)}, "attributes", 4, 4),
    ],
)
def test_labels_come_before_attributes_before_the_images(rows, kind, count, outputs):
    task = _task({"image": IMAGES, **rows})
    assert (task.kind, len(task.images), task.outputs) == (kind, count, outputs)
    assert task.targets is None or len(task.targets) == count


def test_a_search_without_a_feature_network_has_none(tmp_path):
    assert load_feature_network(str(tmp_path)) is None
