"""Zip archives by their central directory, against Python's own writer."""

import io
import struct
import zipfile

import numpy as np
import pytest

from data_prep.errors import InputError
from data_prep.filesystem import InputFile
from data_prep.formats import zip_directory


def archive(path, members, method=zipfile.ZIP_STORED) -> InputFile:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members:
            file.writestr(name, data)
    return InputFile(str(path), path.stat().st_size, 0.0)


def contents(file: InputFile) -> dict[str, bytes | str]:
    directory = zip_directory.find_directory(file)
    found = {}
    for start, stop in zip_directory.cut_directory(file, directory):
        rows, block, unread = zip_directory.read_entries(file.path, start, stop)
        assert unread == 0
        with open(file.path, "rb") as stream:
            for row in rows.tolist():
                at, size = row[zip_directory.NAME_AT], row[zip_directory.NAME_SIZE]
                found[block[at : at + size].decode()] = zip_directory.read_member(stream, row)
    return found


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_every_member_is_found_and_read(tmp_path, method, monkeypatch):
    rng = np.random.default_rng(0)
    members = {f"faces/{i:04}.jpg": rng.bytes(i * 7) for i in range(300)}
    file = archive(tmp_path / "a.zip", members.items(), method)
    assert zip_directory.find_directory(file).entries == 300
    assert contents(file) == members
    monkeypatch.setattr(zip_directory, "_WINDOW", 1000)  # some 16 entries a part
    directory = zip_directory.find_directory(file)
    cuts = list(zip_directory.cut_directory(file, directory))
    assert len(cuts) > 15
    assert cuts[0][0] == directory.start and cuts[-1][1] == directory.stop
    assert contents(file) == members


def test_an_archive_behind_a_comment_and_with_extra_fields(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        info = zipfile.ZipInfo("x.jpg")
        info.extra = struct.pack("<HH", 0x7875, 400) + b"x" * 400  # longer than the usual
        file.writestr(info, b"hello")
        file.comment = b"c" * 1000
    assert contents(InputFile(str(path), path.stat().st_size, 0.0)) == {"x.jpg": b"hello"}


def test_zip64_fields(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file, file.open("x.jpg", "w", force_zip64=True) as member:
        member.write(b"hello")
    data = bytearray(path.read_bytes())
    # Move the sizes and the offset of the directory's entry into a Zip64 field.
    at = data.rfind(b"PK\1\2")
    name = b"x.jpg"
    entry = bytearray(data[at : at + 46]) + name
    size = struct.unpack_from("<I", entry, 20)[0]
    struct.pack_into("<II", entry, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<I", entry, 42, 0xFFFFFFFF)
    extra = struct.pack("<HHQQQ", 1, 24, 5, size, 0)
    struct.pack_into("<H", entry, 30, len(extra))
    entry += extra
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(entry), at, 0)
    path.write_bytes(bytes(data[:at]) + bytes(entry) + end)
    assert contents(InputFile(str(path), path.stat().st_size, 0.0)) == {"x.jpg": b"hello"}


@pytest.mark.parametrize("cut", [1, 10, 21, 30, 200])
def test_a_cut_archive_is_refused(tmp_path, cut):
    file = archive(tmp_path / "a.zip", [("x.jpg", b"hello" * 50)])
    whole = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(whole[:-cut])
    with pytest.raises(InputError, match=r"a\.zip: (no zip archive, or cut short|damaged)"):
        zip_directory.find_directory(file._replace(size=file.size - cut))


def test_a_member_that_changed_is_damaged(tmp_path):
    path = tmp_path / "a.zip"
    file = archive(path, [("x.jpg", b"hello world"), ("y.jpg", b"fine")])
    data = path.read_bytes()
    path.write_bytes(data.replace(b"hello world", b"hellO world"))
    assert contents(file) == {"x.jpg": "damaged", "y.jpg": b"fine"}


def test_a_bomb_is_not_inflated_beyond_what_it_says(tmp_path):
    path = tmp_path / "a.zip"
    file = archive(path, [("x.jpg", bytes(10_000_000))], zipfile.ZIP_DEFLATED)
    rows, _, _ = zip_directory.read_entries(file.path, *zip_directory.find_directory(file)[:2])
    lying = rows[0].tolist()
    lying[zip_directory.FULL] = 100  # the directory promises 100 bytes
    assert zip_directory.read_member(io.BytesIO(path.read_bytes()), lying) == "damaged"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a/b.jpg", True),
        ("a..b/c.jpg", True),
        ("../b.jpg", False),
        ("a/../../b.jpg", False),
        ("/etc/b.jpg", False),
        ("a\\..\\b.jpg", False),
        ("\\b.jpg", False),
        ("C:\\b.jpg", False),
    ],
)
def test_names_that_climb_out(name, safe):
    assert zip_directory.safe_name(name) == safe


@pytest.mark.parametrize("offset", [-1, 1 << 63, 1 << 40])
def test_an_offset_that_lies_is_damage(offset):
    row = [offset, 5, 5, 0, zip_directory.STORED]
    assert zip_directory.read_member(io.BytesIO(b"PK\3\4" + bytes(100)), row) == "damaged"


def test_an_archive_that_ends_within_a_header_is_damaged():
    assert (
        zip_directory.read_member(io.BytesIO(b"PK\3\4"), [0, 5, 5, 0, zip_directory.STORED])
        == "damaged"
    )


def test_a_zip64_directory_beyond_the_file_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, 46, 0, 0)
    path.write_bytes(struct.pack("<IIQI", 0x07064B50, 0, 2**64 - 1, 1) + end)
    with pytest.raises(InputError, match="damaged zip archive"):
        zip_directory.find_directory(InputFile(str(path), path.stat().st_size, 0.0))
