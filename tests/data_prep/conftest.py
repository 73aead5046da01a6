"""Builders of raw drawings, written with struct, apart from the code under test."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_prep.config import PrepConfig
from data_prep.job.prepare import prepare
from data_prep.manifest import Manifest
from data_prep.records.read import read_examples


def make_record(
    key_id=1, strokes=(((0, 9, 255), (0, 200, 30)),), country=b"US", recognized=1, timestamp=10**9
) -> bytes:
    """One drawing in Google's binary layout."""
    out = struct.pack("<Q2sBIH", key_id, country, recognized, timestamp, len(strokes))
    for x, y in strokes:
        out += struct.pack(f"<H{len(x)}B{len(y)}B", len(x), *x, *y)
    return out


def read_records(path) -> list[bytes]:
    """The payloads of a gzip TFRecord file, checksums left out."""
    data, at, out = gzip.decompress(path.read_bytes()), 0, []
    while at < len(data):
        (size,) = struct.unpack_from("<Q", data, at)
        out.append(data[at + 12 : at + 12 + size])
        at += 16 + size
    return out


def make_line(key_id="1", word="cat", drawing=(((0, 9, 255), (0, 200, 30)),), **more) -> bytes:
    """One drawing as a line of ndjson."""
    row = {
        "word": word,
        "countrycode": "US",
        "timestamp": "2017-03-02 23:25:10.07453 UTC",
        "recognized": True,
        "key_id": key_id,
        "drawing": drawing,
    }
    return json.dumps(row | more).encode() + b"\n"


@pytest.fixture(scope="session")
def record():
    return make_record


@pytest.fixture(scope="session")
def line():
    return make_line


@pytest.fixture(scope="session")
def examples_of():
    return read_records


NAMES = ("Bald", "Hat", "Young")


def jpeg(value: int, size=(178, 218)) -> bytes:
    """A picture of one gray value."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (value, value, value)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


class CelebaFolder:
    """60 faces of 20 persons; face i is gray 2 i, person i % 20, bits of i as attributes."""

    def __init__(self, root: Path, count: int = 60):
        self.root, self.count = root, count
        self.faces = {f"{i:06d}.jpg": jpeg(2 * i) for i in range(1, count + 1)}
        self.folder = root / "img_align_celeba"
        self.folder.mkdir()
        for name, data in self.faces.items():
            (self.folder / name).write_bytes(data)
        self.zip = root / "img_align_celeba.zip"
        self.write_zip(self.faces.items())
        rows = [self.bits(i) for i in range(1, count + 1)]
        signs = [[1 if bit else -1 for bit in row] for row in rows]
        self.attributes = root / "list_attr_celeba.txt"
        lines = [
            f"{n} " + " ".join(f"{s:2d}" for s in row)
            for n, row in zip(self.faces, signs, strict=True)
        ]
        self.attributes.write_text("\n".join([str(count), " ".join(NAMES) + " ", *lines]) + "\n")
        self.attributes_csv = root / "list_attr_celeba.csv"
        lines = [",".join([n, *map(str, row)]) for n, row in zip(self.faces, signs, strict=True)]
        self.attributes_csv.write_text("\n".join([",".join(["image_id", *NAMES]), *lines]) + "\n")
        self.identities = root / "identity_CelebA.txt"
        self.identities.write_text("".join(f"{n} {i % 20}\n" for i, n in enumerate(self.faces, 1)))
        self.identities_csv = root / "identity_CelebA.csv"
        lines = [f"{n},{i % 20}\n" for i, n in enumerate(self.faces, 1)]
        self.identities_csv.write_text("".join(["image_id,identity\n", *lines]))
        self.partition = root / "list_eval_partition.txt"
        self.partition.write_text("".join(f"{n} {i % 3}\n" for i, n in enumerate(self.faces, 1)))

    @staticmethod
    def bits(i: int) -> list[int]:
        return [i & 1, (i >> 1) & 1, (i >> 2) & 1]

    def write_zip(self, members) -> None:
        with zipfile.ZipFile(self.zip, "w") as file:
            for name, data in members:
                file.writestr(name if "/" in name else f"img_align_celeba/{name}", data)

    def options(self, **more) -> PrepConfig:
        lists = {"attributes": str(self.attributes), "identities": str(self.identities)}
        return PrepConfig(**{"source": "celeba", "image_size": 16, "crop": 148} | lists | more)


@pytest.fixture
def celeba(tmp_path) -> CelebaFolder:
    return CelebaFolder(tmp_path)


class Prepared:
    """A finished preparation, read back."""

    def __init__(self, options: PrepConfig, inputs, output: Path, **more):
        self.output = output
        self.manifest: Manifest = prepare(options, [str(i) for i in inputs], str(output), **more)

    @property
    def hashes(self) -> list[str]:
        return [shard["sha256"] for shard in self.manifest.shards]

    @property
    def rejects(self) -> list[dict]:
        path = self.output / "rejects-00000-of-00001.jsonl"
        return [json.loads(row) for row in path.read_text().splitlines()]

    def examples(self, split: str) -> list[dict]:
        return list(read_examples(str(self.output), self.manifest.shards, split))

    def check_sum(self) -> None:
        counts = self.manifest.counts
        parts = ("written", "rejected", "filtered", "duplicates")
        assert counts["read"] == sum(counts[part] for part in parts)
        assert counts["written"] == sum(counts["by_split"].values())
        counted = [row for row in self.rejects if "counted_as" not in row]
        assert len(counted) == counts["rejected"]


@pytest.fixture
def prepared(tmp_path):
    """prepared(options, *inputs): runs it into a new directory and checks the counts."""
    number = 0

    def run(options: PrepConfig, *inputs, **more) -> Prepared:
        nonlocal number
        number += 1
        done = Prepared(options, inputs, tmp_path / f"out-{number}", **more)
        done.check_sum()
        return done

    return run


def write_idx(path: Path, array: np.ndarray) -> None:
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    data = head + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.fixture
def idx_folder(tmp_path):
    """idx_folder(train, test, ending): MNIST's four files of 6x5 images; image i holds i."""

    def make(train=30, test=10, ending=".gz") -> Path:
        folder = tmp_path / f"idx-{train}-{test}{ending}"
        folder.mkdir()
        for part, n in (("train", train), ("t10k", test)):
            images = np.arange(n)[:, None, None] + np.zeros((1, 6, 5), int)
            write_idx(folder / f"{part}-images-idx3-ubyte{ending}", images)
            write_idx(folder / f"{part}-labels-idx1-ubyte{ending}", np.arange(n) % 10)
        return folder

    return make
