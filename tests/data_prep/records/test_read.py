"""Shards read back: whole ones, and every kind of damage."""

import numpy as np
import pytest

from data_prep.errors import InputError
from data_prep.records.read import read_records
from data_prep.records.tf_example import write_examples


@pytest.fixture
def shard(tmp_path):
    path = tmp_path / "examples-00000-of-00001.gz"
    with open(path, "wb") as sink:
        assert write_examples([{"n": np.arange(500)}], sink) == 500
    return path


def test_every_record_comes_back(shard):
    assert len(list(read_records(str(shard)))) == 500


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_a_cut_shard_is_damaged(shard, keep):
    data = shard.read_bytes()
    shard.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(InputError, match=r"-00001\.gz: damaged"):
        list(read_records(str(shard)))


@pytest.mark.parametrize("at", [0, 40, 200])
def test_a_changed_byte_is_damage(shard, at):
    data = bytearray(shard.read_bytes())
    data[at] ^= 0xFF
    shard.write_bytes(data)
    with pytest.raises(InputError, match=r"-00001\.gz: damaged"):
        list(read_records(str(shard)))


def test_a_missing_shard_is_named(shard):
    shard.unlink()
    with pytest.raises(InputError, match=r"-00001\.gz: damaged: .*No such file"):
        list(read_records(str(shard)))
