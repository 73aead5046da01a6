"""CIFAR-10's binary batches."""

import numpy as np
import pytest

from data_prep.config import PrepConfig
from data_prep.errors import InputError
from data_prep.formats.cifar10 import ROW, class_names, student_classes
from data_prep.sources import cifar10


def options(**more) -> PrepConfig:
    return PrepConfig(**{"source": "cifar10"} | more)


@pytest.fixture
def batches(tmp_path):
    """Two batches of 20 and a test batch of 10; image i is red i, green 100, blue 200 - i."""
    folder = tmp_path / "cifar"
    folder.mkdir()
    for name, first, n in (
        ("data_batch_1", 0, 20),
        ("data_batch_2", 20, 20),
        ("test_batch", 40, 10),
    ):
        rows = np.zeros((n, ROW), np.uint8)
        for i in range(n):
            rows[i, 0] = (first + i) % 10
            planes = rows[i, 1:].reshape(3, 1024)
            planes[0], planes[1], planes[2] = first + i, 100, 200 - first - i
        rows.tofile(folder / f"{name}.bin")
    return folder


def rows(done):
    return {
        row["key"][0].decode(): (split, row)
        for split in ("train", "eval", "test")
        for row in done.examples(split)
    }


def test_planes_become_pixels(batches, prepared, monkeypatch):
    monkeypatch.setattr(cifar10, "CHUNK_ROWS", 7)
    done = prepared(options(), batches)
    found = rows(done)
    assert len(found) == 50 and done.manifest.image == (32, 32, 3, "none")
    _, row = found["data_batch_2/00003"]
    image = np.frombuffer(row["image"][0], np.uint8).reshape(32, 32, 3)
    assert (image == [23, 100, 177]).all()
    assert row["label"] == [b"cat"]


def test_classes_and_partition(batches, prepared):
    chosen = student_classes("1032259319")
    assert chosen == ("automobile", "cat", "dog", "truck")  # 1, 3, 5, 9
    assert chosen == class_names(["1", "3", "5", "9"])
    done = prepared(options(words=chosen, split_by="partition"), batches)
    assert done.manifest.labels == tuple(sorted(chosen))
    assert done.manifest.counts["filtered"] == 30
    assert done.manifest.counts["by_split"]["test"] == 4
    assert all((s == "test") == k.startswith("test") for k, (s, _) in rows(done).items())


def test_damage(batches, prepared):
    path = batches / "data_batch_1.bin"
    data = bytearray(path.read_bytes())
    data[ROW * 4] = 77
    path.write_bytes(data[:-100])
    (batches / "data_batch_3.bin").touch()
    done = prepared(options(), batches)
    assert done.manifest.counts["written"] == 48
    assert done.manifest.rejects == {"bad_label": 1, "empty_file": 1, "truncated": 1}
    assert {(r["reason"], r.get("row")) for r in done.rejects} >= {
        ("bad_label", 4),
        ("truncated", 19),
    }


@pytest.mark.parametrize("number", ["", "12x", "1112", "11", "1234²"])
def test_wrong_student_numbers(number):
    with pytest.raises(InputError, match="student_number: got"):
        student_classes(number)


def test_wrong_classes(batches):
    with pytest.raises(InputError, match="classes: got 'cow', allowed: 0 to 9 or airplane"):
        class_names(["cow"])
    with pytest.raises(InputError, match="classes: got '10'"):
        class_names(["10"])
    with pytest.raises(InputError, match="classes: got '²'"):
        class_names(["²"])
