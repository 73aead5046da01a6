"""CelebA: faces, lists and splits, whole and damaged."""

import zipfile

import numpy as np
import pytest

from data_prep.config import PrepConfig
from data_prep.errors import InputError
from data_prep.formats.celeba_lists import read_annotations
from data_prep.sources import encoded_images
from data_prep.sources.celeba import CelebAReader


def by_key(done):
    splits = ("train", "eval", "test")
    return {
        row["key"][0].decode(): (split, row) for split in splits for row in done.examples(split)
    }


def test_pixels_attributes_and_identities(celeba, prepared):
    done = prepared(celeba.options(), celeba.zip)
    rows = by_key(done)
    assert len(rows) == 60
    for i, name in enumerate(celeba.faces, 1):
        _, row = rows[name]
        image = np.frombuffer(row["image"][0], np.uint8)
        assert image.shape == (16 * 16 * 3,)
        assert np.abs(image.astype(int) - 2 * i).max() <= 2
        assert row["attributes"] == celeba.bits(i)
        assert row["identity"] == [i % 20]
        assert "label" not in row or not row["label"]
    manifest = done.manifest
    assert manifest.attributes == ("Bald", "Hat", "Young")
    assert manifest.positives == {"Bald": 30, "Hat": 30, "Young": 29}
    assert manifest.image == (16, 16, 3, "none")
    assert manifest.labels == () and manifest.extras == ("identity",)


def test_nobody_is_in_two_splits(celeba, prepared):
    rows = by_key(prepared(celeba.options(splits=(0.5, 0.25, 0.25)), celeba.zip))
    splits_of = {}
    for split, row in rows.values():
        splits_of.setdefault(row["identity"][0], set()).add(split)
    assert len(splits_of) == 20
    assert all(len(splits) == 1 for splits in splits_of.values())
    assert {next(iter(s)) for s in splits_of.values()} == {"train", "eval", "test"}
    alone = by_key(prepared(celeba.options(split_by="key", splits=(0.5, 0.25, 0.25)), celeba.zip))
    assert any(alone[name][0] != rows[name][0] for name in rows)


def test_zip_and_folder_txt_and_csv_write_the_same_bytes(celeba, prepared):
    options = celeba.options()
    zipped = prepared(options, celeba.zip)
    assert prepared(options, celeba.folder).hashes == zipped.hashes
    csv = celeba.options(
        attributes=str(celeba.attributes_csv), identities=str(celeba.identities_csv)
    )
    assert prepared(csv, celeba.folder).hashes == zipped.hashes


def test_deflated_members_and_small_parts_change_nothing(celeba, prepared, monkeypatch):
    options = celeba.options()
    stored = prepared(options, celeba.zip).hashes
    with zipfile.ZipFile(celeba.zip, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in reversed(celeba.faces.items()):
            file.writestr(f"other/{name}", data)
    assert prepared(options, celeba.zip).hashes == stored
    monkeypatch.setattr("data_prep.formats.zip_directory._WINDOW", 500)
    monkeypatch.setattr(encoded_images, "GROUP", 7)
    assert prepared(options, celeba.zip).hashes == stored
    assert prepared(options, celeba.folder).hashes == stored


def test_the_official_partition(celeba, prepared):
    options = celeba.options(partition=str(celeba.partition), split_by="partition")
    done = prepared(options, celeba.zip)
    assert done.manifest.counts["by_split"] == {"train": 20, "eval": 20, "test": 20}
    for name, (split, _) in by_key(done).items():
        assert split == ("train", "eval", "test")[int(name[:6]) % 3]


def test_a_partition_of_one_part_is_refused(celeba):
    celeba.partition.write_text("".join(f"{name} 0\n" for name in celeba.faces))
    options = celeba.options(partition=str(celeba.partition), split_by="partition")
    with pytest.raises(InputError, match=r"train 60, eval 0, test 0.*split by key or identity"):
        CelebAReader(options)


def test_everything_that_can_be_wrong_with_a_face(celeba, prepared, monkeypatch):
    faces = celeba.faces
    monkeypatch.setattr(encoded_images, "MAX_BYTES", 100_000)
    members = [
        *list(faces.items())[:50],
        ("000001.jpg", faces["000002.jpg"]),  # a name twice, other contents
        ("000051.jpg", faces["000051.jpg"][:-40]),  # cut
        ("000052.jpg", b"no picture"),
        ("000053.jpg", _jpeg_of(100, 100)),
        ("000099.jpg", faces["000003.jpg"]),  # no attributes
        ("../000054.jpg", faces["000054.jpg"]),
        ("img/notes.txt", b"hello"),
        ("img/", b""),
        ("000055.jpg", bytes(200_000)),
    ]
    celeba.write_zip(members)
    data = bytearray(celeba.zip.read_bytes())
    at = data.find(faces["000007.jpg"]) + 300
    data[at] ^= 255  # a bit rots
    celeba.zip.write_bytes(data)
    done = prepared(celeba.options(), celeba.zip)
    assert done.manifest.counts["written"] == 49
    assert done.manifest.counts["duplicates"] == 1
    assert done.manifest.rejects == {
        "damaged": 1,
        "no_attributes": 1,
        "not_a_picture": 1,
        "too_large": 1,
        "truncated": 1,
        "undecodable": 1,
        "unsafe_name": 1,
        "wrong_size": 1,
    }
    named = {(row["reason"], row.get("key")) for row in done.rejects}
    assert ("damaged", "000007.jpg") in named
    assert ("no_attributes", "000099.jpg") in named
    assert ("unsafe_name", "../000054.jpg") in named
    assert ("duplicate_key_differs", "000001.jpg") in named
    # Faces 54 and 55 were never good, 56 to 60 are not in the archive.
    assert {key for reason, key in named if reason == "no_image"} == {
        f"0000{i}.jpg" for i in (54, 55, 56, 57, 58, 59, 60)
    }
    assert done.manifest.unmatched == 7


def _jpeg_of(width, height):
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, "JPEG")
    return buffer.getvalue()


def test_a_folder_with_damage(celeba, prepared):
    (celeba.folder / "000001.jpg").write_bytes(b"")
    (celeba.folder / "000002.jpg").write_bytes(celeba.faces["000002.jpg"][:500])
    done = prepared(celeba.options(), celeba.folder)
    assert done.manifest.counts["written"] == 58
    assert done.manifest.rejects == {"truncated": 1, "undecodable": 1}
    assert {row["source"].rsplit("/", 1)[1] for row in done.rejects} == {"000001.jpg", "000002.jpg"}


def test_changed_lists_are_noticed(celeba, prepared, tmp_path):
    from data_prep.job.prepare import prepare

    out = str(tmp_path / "out")
    prepare(celeba.options(), [str(celeba.zip)], out)
    prepare(celeba.options(), [str(celeba.zip)], out)
    celeba.attributes.write_text(celeba.attributes.read_text().replace(" 1 ", "-1 ", 1))
    with pytest.raises(InputError, match=r"input changed: .*list_attr_celeba\.txt"):
        prepare(celeba.options(), [str(celeba.zip)], out)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"crop": 100}, "crop: got 100, allowed: 0"),
        ({"split_by": "identity", "identities": ""}, "split_by: got 'identity', allowed: key"),
        ({"split_by": "partition"}, "split_by: got 'partition', allowed: key or identity"),
    ],
)
def test_wrong_options(celeba, change, message):
    with pytest.raises(InputError, match=message):
        CelebAReader(celeba.options(**change))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must name 1 to 64 attributes"),
        ("Bald Bald\na.jpg 1 1\n", "must name 1 to 64 attributes, each once"),
        ("Bald Hat\na.jpg 1\n", "line 2: 1 values, expected 2"),
        ("1\nBald\na.jpg 2\n", "line 3: got '2', allowed: -1, 0, 1"),
        ('image_id,Bald\na.jpg,"' + "1" * 200_000, "line 2: field larger than field limit"),
        ("Bald\na.jpg 1\na.jpg -1\n", "line 3: a.jpg stands there twice and differs"),
    ],
)
def test_wrong_attribute_lists(tmp_path, text, message):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(InputError, match=message):
        read_annotations(str(tmp_path / "a.txt"), "", "")


@pytest.mark.parametrize("text", ["", " x", " -2", " ²", " " + "9" * 5000])
def test_wrong_number_lists(tmp_path, text):
    (tmp_path / "a.txt").write_text(f"a.jpg 1\nb.jpg{text}\n")
    with pytest.raises(InputError, match=r"line 2: got 'b\.jpg.*allowed: a file name and a number"):
        read_annotations("", str(tmp_path / "a.txt"), "")


def test_sixty_four_attributes_keep_every_bit(tmp_path):
    names = [f"a{i}" for i in range(64)]
    bits = np.random.default_rng(0).integers(0, 2, (5, 64))
    rows = [f"{i}.jpg " + " ".join(map(str, row)) for i, row in enumerate(bits)]
    (tmp_path / "a.txt").write_text("\n".join([" ".join(names), *rows]))
    found, lists = read_annotations(str(tmp_path / "a.txt"), "", "")
    assert found == tuple(names)
    unpacked = (lists.bits[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    np.testing.assert_array_equal(unpacked, bits)


def test_three_known_faces_of_the_real_list(real_data):
    names, lists = read_annotations(str(real_data / "celeba/list_attr_celeba.txt"), "", "")
    assert len(names) == 40 and len(lists.names) == 5000
    rows = dict(zip(lists.names.to_pylist(), lists.bits.tolist(), strict=True))

    def present(name):
        return {attribute for j, attribute in enumerate(names) if rows[name] >> j & 1}

    # Read off the official file with another tool.
    assert present(b"000001.jpg") == {
        "Arched_Eyebrows", "Attractive", "Brown_Hair", "Heavy_Makeup", "High_Cheekbones",
        "Mouth_Slightly_Open", "No_Beard", "Pointy_Nose", "Smiling", "Straight_Hair",
        "Wearing_Earrings", "Wearing_Lipstick", "Young",
    }  # fmt: skip
    assert present(b"000002.jpg") == {
        "Bags_Under_Eyes", "Big_Nose", "Brown_Hair", "High_Cheekbones", "Mouth_Slightly_Open",
        "No_Beard", "Smiling", "Young",
    }  # fmt: skip
    assert present(b"000003.jpg") == {
        "Big_Lips", "Blurry", "Male", "Narrow_Eyes", "No_Beard", "Pointy_Nose", "Wavy_Hair",
        "Young",
    }  # fmt: skip


@pytest.mark.slow
def test_the_real_faces(real_data, prepared):
    folder = real_data / "celeba"
    options = PrepConfig(
        source="celeba", image_size=64, crop=148,
        attributes=str(folder / "list_attr_celeba.txt"),
        identities=str(folder / "identity_CelebA.txt"),
    )  # fmt: skip
    done = prepared(options, folder / "img_align_celeba.zip")
    assert done.manifest.counts["written"] == 5000
    assert done.manifest.positives["Blond_Hair"] == 730
    persons = [{r["identity"][0] for r in done.examples(s)} for s in ("train", "eval", "test")]
    assert sum(map(len, persons)) == len(set().union(*persons)) == 3571
