"""Routing by key: portable, keyed, balanced."""

import hashlib
import os
import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data_prep.records.key_hash import key_hashes, split_indices


def key_hash(key, seed):
    """The hashes of one key as RFC 7693 and the seed define them."""
    salt = seed.to_bytes(16, "little")
    digest = hashlib.blake2b(key, digest_size=16, salt=salt, person=b"latentforge").digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def hashes_of(keys, seed):
    offsets = np.concatenate([[0], np.cumsum([len(key) for key in keys])])
    return key_hashes(np.frombuffer(b"".join(keys), np.uint8), offsets, seed)


@given(st.lists(st.binary(max_size=400), min_size=1, max_size=8), st.integers(0, 2**63 - 1))
def test_hashes_of_many_keys_are_those_of_each(keys, seed):
    assert [tuple(map(int, row)) for row in hashes_of(keys, seed)] == [
        key_hash(key, seed) for key in keys
    ]


def test_known_answer():
    # Changing this moves every record to another split: never do it silently.
    expected = (17027194847935680797, 14043346741135556237)
    assert key_hash(b"5201136883597312", 0) == expected
    assert tuple(hashes_of([b"5201136883597312"], 0)[0].tolist()) == expected


def test_keys_of_a_slice_are_hashed_where_they_lie():
    data = np.frombuffer(b"xxabcdyy", np.uint8)
    hashes = key_hashes(data, np.array([2, 4, 4, 6]), 7)
    expected = [key_hash(key, 7) for key in (b"ab", b"", b"cd")]
    assert [tuple(row) for row in hashes.tolist()] == expected
    assert key_hashes(data, np.array([2]), 7).shape == (0, 2)


def test_split_shares_and_seed():
    hashes = hashes_of([b"%d" % i for i in range(20_000)], 0)
    shares = np.bincount(split_indices(hashes, (0.8, 0.1, 0.1))) / 20_000
    np.testing.assert_allclose(shares, (0.8, 0.1, 0.1), atol=0.01)
    other = hashes_of([b"%d" % i for i in range(20_000)], 1)
    moved = split_indices(hashes, (0.5, 0.25, 0.25)) != split_indices(other, (0.5, 0.25, 0.25))
    assert 0.55 < moved.mean() < 0.70  # 1 - (1/4 + 1/16 + 1/16) = 0.625


def test_an_empty_split_gets_nothing():
    hashes = hashes_of([b"%d" % i for i in range(5_000)], 0)
    assert set(split_indices(hashes, (0.9, 0.0, 0.1))) == {0, 2}


def test_same_split_under_two_hash_seeds():
    code = (
        "import numpy as np; from data_prep.records.key_hash import key_hashes, split_indices;"
        "keys = [b'%d' % i for i in range(500)];"
        "o = np.concatenate([[0], np.cumsum([len(k) for k in keys])]);"
        "h = key_hashes(np.frombuffer(b''.join(keys), np.uint8), o, 7);"
        "print(hash('x'), ''.join(map(str, split_indices(h, (.8, .1, .1)))))"
    )
    salted, splits = set(), set()
    for seed in ("1", "2"):
        out = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        salted.add(out[0])
        splits.add(out[1])
    assert len(salted) == 2  # the seeds do differ
    assert len(splits) == 1
