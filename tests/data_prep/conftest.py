"""Builders of raw drawings, written with struct, apart from the code under test."""

from __future__ import annotations

import gzip
import json
import struct

import pytest


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
