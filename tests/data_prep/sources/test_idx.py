"""IDX files: pairs, padding, splits and damage."""

import gzip

import numpy as np
import pytest

from data_prep.config import PrepConfig
from data_prep.errors import InputError
from data_prep.sources import idx


def options(**more) -> PrepConfig:
    return PrepConfig(**{"source": "idx"} | more)


def rows(done):
    return {
        row["key"][0].decode(): (split, row)
        for split in ("train", "eval", "test")
        for row in done.examples(split)
    }


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_images_and_labels(idx_folder, prepared, ending, monkeypatch):
    monkeypatch.setattr(idx, "BLOCK", 8)
    done = prepared(options(), idx_folder(ending=ending))
    assert done.manifest.image == (6, 5, 1, "white")
    assert done.manifest.labels == tuple("0123456789")
    found = rows(done)
    assert len(found) == 40
    for part, n in (("train", 30), ("test", 10)):
        for i in range(n):
            _, row = found[f"{part}/{i:05}"]
            assert row["image"][0] == bytes([i]) * 30
            assert row["label"] == [str(i % 10).encode()]


def test_gzip_and_plain_are_the_same_bytes(idx_folder, prepared):
    plain, zipped = (prepared(options(), idx_folder(ending=e)) for e in ("", ".gz"))
    assert plain.hashes == zipped.hashes


def test_padding_puts_the_image_in_the_middle(idx_folder, prepared):
    done = prepared(options(pad=10), idx_folder())
    image = np.frombuffer(rows(done)["train/00007"][1]["image"][0], np.uint8).reshape(10, 10)
    want = np.zeros((10, 10))
    want[2:8, 2:7] = 7
    np.testing.assert_array_equal(image, want)
    with pytest.raises(InputError, match=r"pad: got 5, allowed: 0 .none. or a side of at least 6"):
        prepared(options(pad=5), idx_folder(train=31))


def test_the_official_partition(idx_folder, prepared):
    done = prepared(options(split_by="partition", splits=(0.5, 0.5, 0.0)), idx_folder())
    found = rows(done)
    assert done.manifest.counts["by_split"]["test"] == 10
    assert all((split == "test") == key.startswith("test") for key, (split, _) in found.items())
    assert {split for split, _ in found.values()} == {"train", "eval", "test"}


def test_label_names(idx_folder, prepared):
    names = tuple("abcdefgh")  # eight, so that 8 and 9 have none
    done = prepared(options(label_names=names), idx_folder())
    assert done.manifest.labels == names
    assert done.manifest.rejects == {"bad_label": 8}
    assert {row["row"] for row in done.rejects} == {8, 9, 18, 19, 28, 29}


def test_classes(idx_folder, prepared):
    done = prepared(options(words=("3", "5")), idx_folder())
    assert done.manifest.counts["by_label"] == {"3": 4, "5": 4}


@pytest.mark.parametrize("keep", [0.4, 0.9])
def test_a_cut_image_file(idx_folder, prepared, keep):
    folder = idx_folder(ending="")
    path = folder / "train-images-idx3-ubyte"
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    whole = (int(len(data) * keep) - 16) // 30
    done = prepared(options(), folder)
    assert done.manifest.counts["written"] == whole + 10
    assert done.rejects[0] | {"source": ""} == {
        "source": "",
        "reason": "truncated",
        "row": whole,
        "detail": f"the header promises 30 images, {whole} are whole and labelled",
    }


def test_a_cut_gzip_stream(idx_folder, prepared):
    folder = idx_folder(train=3000)
    path = folder / "train-images-idx3-ubyte.gz"
    rng = np.random.default_rng(0)
    data = gzip.decompress(path.read_bytes())[:16] + rng.bytes(3000 * 30)
    path.write_bytes(gzip.compress(data)[:40_000])
    done = prepared(options(), folder)
    assert 1000 < done.manifest.counts["written"] < 1500
    assert done.manifest.rejects == {"truncated": 1}


def test_too_few_labels(idx_folder, prepared):
    folder = idx_folder(ending="")
    path = folder / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-5])
    done = prepared(options(), folder)
    assert done.manifest.counts["written"] == 35
    assert done.manifest.rejects == {"truncated": 1}


def test_wrong_files(idx_folder, prepared, tmp_path):
    folder = idx_folder(ending="")
    (folder / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(InputError, match=r"its labels .* are not there"):
        prepared(options(), folder)
    with pytest.raises(InputError, match="partition needs both"):
        other = idx_folder(train=20, ending="")
        (other / "t10k-images-idx3-ubyte").unlink()
        (other / "t10k-labels-idx1-ubyte").unlink()
        prepared(options(split_by="partition"), other)
    (folder / "t10k-images-idx3-ubyte").write_bytes(b"junk")
    (folder / "train-images-idx3-ubyte").unlink()
    with pytest.raises(InputError, match="no IDX file of uint8 images"):
        prepared(options(), folder)


def test_a_known_digit(real_data, prepared):
    done = prepared(options(), real_data / "mnist")
    assert done.manifest.counts["written"] == 70_000
    row = next(r for key, (_, r) in rows(done).items() if key == "train/00000")
    image = np.frombuffer(row["image"][0], np.uint8).reshape(28, 28)
    assert row["label"] == [b"5"]  # MNIST's first digit is a five
    # Its sixth row, as printed in many a tutorial.
    assert image[5, 12:24].tolist() == [3, 18, 18, 18, 126, 136, 175, 26, 166, 255, 247, 127]


def test_a_prefix_before_the_name_of_a_part(idx_folder, prepared):
    """EMNIST has such names: the test files are known as such, or their keys would meet."""
    folder = idx_folder()
    for path in list(folder.iterdir()):
        path.rename(folder / f"emnist-letters-{path.name.replace('t10k', 'test')}")
    done = prepared(options(), folder)
    assert done.manifest.counts["written"] == 40
    assert {key.split("/")[0] for key in rows(done)} == {"train", "test"}


def test_two_files_of_one_part_are_refused(idx_folder, prepared):
    with pytest.raises(InputError, match=r"a second test part, beside .*30-10.*\.gz; prepare"):
        prepared(options(), idx_folder(), idx_folder(train=31))


def test_a_file_plain_and_zipped_counts_once(idx_folder, prepared):
    folder = idx_folder(ending="")
    for path in list(folder.iterdir()):
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    done = prepared(options(), folder)
    assert (done.manifest.counts["written"], done.manifest.counts["duplicates"]) == (40, 40)


def test_labels_that_are_none(idx_folder, prepared):
    folder = idx_folder(ending="")
    path = folder / "train-labels-idx1-ubyte"
    path.write_bytes(b"\0\0\x0d\1" + path.read_bytes()[4:])  # floats
    with pytest.raises(InputError, match="train-labels-idx1-ubyte: no IDX file of uint8 labels"):
        prepared(options(), folder)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_lying_number_of_images_makes_no_shards(idx_folder, prepared, ending):
    folder = idx_folder(ending=ending)
    path = folder / f"train-images-idx3-ubyte{ending}"
    data = gzip.decompress(path.read_bytes()) if ending else path.read_bytes()
    data = data[:4] + b"\xff" * 4 + data[8:]
    path.write_bytes(gzip.compress(data) if ending else data)
    done = prepared(options(), folder)
    assert (done.manifest.counts["written"], len(done.manifest.shards)) == (40, 3)
    assert done.manifest.rejects == {"truncated": 1}
