"""Image folders: the folder is the class."""

import os
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from data_prep.config import PrepConfig
from data_prep.errors import InputError


def options(**more) -> PrepConfig:
    return PrepConfig(**{"source": "image_folder", "image_size": 8, "crop": -1} | more)


@pytest.fixture
def folder(tmp_path):
    """Red pictures in red/, blue ones in blue/, of every format and of odd sizes."""
    root = tmp_path / "pictures"
    for label, colour in (("red", (250, 0, 0)), ("blue", (0, 0, 250))):
        (root / label).mkdir(parents=True)
        for i, form in enumerate(("png", "jpg", "bmp", "gif", "webp", "tif")):
            picture = Image.new("RGB", (9 + 5 * i, 20), colour)
            picture.save(root / label / f"{i}.{form}")
    return root


def rows(done):
    return {r["key"][0].decode(): r for s in ("train", "eval", "test") for r in done.examples(s)}


def test_formats_sizes_and_classes(folder, prepared):
    done = prepared(options(), folder)
    found = rows(done)
    assert len(found) == 12 and done.manifest.labels == ("blue", "red")
    for key, row in found.items():
        image = np.frombuffer(row["image"][0], np.uint8).reshape(8, 8, 3).astype(int)
        folder, label, _ = key.split("/")
        colour = (250, 0, 0) if label == "red" else (0, 0, 250)
        assert np.abs(image - colour).max() <= 6
        assert folder == "pictures" and row["label"] == [label.encode()]


def test_a_zip_of_the_folder_writes_the_same_bytes(folder, prepared, tmp_path):
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as file:
        for path in folder.rglob("*.*"):
            file.write(path, path.relative_to(folder.parent))
    assert prepared(options(), tmp_path / "p.zip").hashes == prepared(options(), folder).hashes


def test_a_zip_without_the_folder_is_named_by_itself(folder, prepared, tmp_path):
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as file:
        for path in folder.rglob("*.*"):
            file.write(path, path.relative_to(folder))
    done = prepared(options(), tmp_path / "pictures.zip")
    assert done.hashes == prepared(options(), folder).hashes


def test_equal_names_below_two_folders_are_two_pictures(folder, prepared, tmp_path):
    os.rename(folder, tmp_path / "train")
    val = shutil.copytree(tmp_path / "train", tmp_path / "val")
    Image.new("RGB", (9, 9), (0, 250, 0)).save(val / "red" / "0.png")
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as file:
        for path in (*(tmp_path / "train").rglob("*.*"), *val.rglob("*.*")):
            file.write(path, path.relative_to(tmp_path))
    done = prepared(options(), tmp_path / "train", val)
    assert done.manifest.counts["written"] == 24 and done.manifest.counts["duplicates"] == 0
    assert prepared(options(), tmp_path / "both.zip").hashes == done.hashes


def test_a_renamed_folder_keeps_its_splits(folder, prepared, tmp_path):
    def splits(of):
        done = prepared(options(splits=(0.4, 0.3, 0.3)), of)
        return {
            split: sorted(r["key"][0].split(b"/", 1)[1] for r in done.examples(split))
            for split in ("train", "eval", "test")
        }

    before = splits(folder)
    assert all(before.values())
    os.rename(folder, tmp_path / "renamed")
    assert splits(tmp_path / "renamed") == before


def test_gray_and_classes(folder, prepared):
    done = prepared(options(channels=1, words=("red",)), folder)
    assert done.manifest.image == (8, 8, 1, "none")
    assert done.manifest.counts["by_label"] == {"red": 6}
    assert done.manifest.counts["filtered"] == 6
    image = np.frombuffer(next(iter(rows(done).values()))["image"][0], np.uint8)
    assert np.abs(image.astype(int) - 75).max() <= 3  # 0.299 of 250


def test_damage(folder, prepared, tmp_path):
    (folder / "red" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n no")
    (folder / "red" / "empty.jpg").touch()
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as file:
        file.write(folder / "red" / "0.png", "lonely.png")
    done = prepared(options(), folder, tmp_path / "p.zip")
    assert done.manifest.counts["written"] == 12
    assert done.manifest.rejects == {"no_class": 1, "undecodable": 2}


def test_no_such_list_to_split_by(folder, prepared):
    with pytest.raises(InputError, match="split_by: got 'identity', allowed: key"):
        prepared(options(split_by="identity"), folder)


def test_a_shard_of_nothing_but_rejects(folder, prepared):
    """Each picture lies in a shard of its own, so each broken one is a whole batch."""
    for i in range(3):
        (folder / "red" / f"broken-{i}.jpg").write_bytes(b"no picture")
    done = prepared(options(shards=200), folder)
    assert done.manifest.counts["written"] == 12
    assert done.manifest.rejects == {"undecodable": 3}


def test_a_name_that_is_no_text_is_refused(folder, prepared):
    broken = os.fsencode(folder / "red") + b"/\xff.png"
    with open(broken, "wb") as file:
        file.write((folder / "red" / "0.png").read_bytes())
    with pytest.raises(InputError, match=r"red/.udcff\.png': its name is not UTF-8"):
        prepared(options(), folder)
