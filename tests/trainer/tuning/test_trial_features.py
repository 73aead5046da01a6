"""What the extractor of cfid learns."""

import numpy as np
import pytest

from trainer.tuning.trial_features import _task, read_extractor

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
    images, targets, found, size = _task({"image": IMAGES, **rows})
    assert (found, len(images), size) == (kind, count, outputs)
    assert targets is None or len(targets) == count


def test_without_an_extractor_there_is_none(tmp_path):
    assert read_extractor(str(tmp_path)) is None
