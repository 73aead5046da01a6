"""A window of spans: each is prepared once, stays as it is, and the counts add up."""

import dataclasses
import hashlib
import json
import os

import pytest

from data_prep.config import PrepConfig
from data_prep.errors import InputError
from data_prep.job.window import SpanWindow, prepare_window
from data_prep.manifest import read_manifest

OPTIONS = PrepConfig(source="quickdraw", image_size=16, shards=2)


@pytest.fixture
def place(tmp_path, record):
    """Three spans: 40 cats; 30 cats and 20 dogs; 10 dogs with one that is cut off."""

    class Place:
        output, store = tmp_path / "out", tmp_path / "spans"

        def write(self, span, word, count, tail=b""):
            folder = tmp_path / "raw" / str(span)
            folder.mkdir(parents=True, exist_ok=True)
            first = 1000 * span + (500 if word == "dog" else 0)
            keys = range(first, first + count)
            path = folder / f"{word}.bin"
            path.write_bytes(b"".join(record(key_id=key) for key in keys) + tail)

        def prepare(self, newest, window=2, options=OPTIONS, **more):
            return prepare_window(
                options,
                [f"{tmp_path}/raw/{{SPAN}}/*.bin"],
                str(self.output),
                SpanWindow(spans=window, store=str(self.store)),
                newest=newest,
                **more,
            )

        def shards(self):
            """Returns the inodes and times of the prepared shards, by span."""
            files = sorted(self.store.glob("*/Split-*/*.gz"))
            found = {}
            for file in files:
                span = file.parent.parent.name.split("-")[0]
                stat = file.stat()
                found.setdefault(span, []).append((stat.st_ino, stat.st_mtime_ns))
            return found

    place = Place()
    place.write(1, "cat", 40)
    place.write(2, "cat", 30)
    place.write(2, "dog", 20)
    place.write(3, "dog", 10, tail=record(key_id=9)[:-3])
    return place


def keys(place, examples_of):
    """Counts the examples of each label in the output's shards."""
    found = {}
    for file in place.output.glob("Split-*/*.gz"):
        for example in examples_of(file):
            word = "cat" if b"cat" in example else "dog"
            found[word] = found.get(word, 0) + 1
    return found


def test_a_new_span_alone_is_prepared(place, examples_of):
    place.prepare(1)
    first = place.shards()
    assert set(first) == {"1"} and keys(place, examples_of) == {"cat": 40}
    place.prepare(2)
    second = place.shards()
    assert second["1"] == first["1"] and len(second["2"]) == 6
    assert keys(place, examples_of) == {"cat": 70, "dog": 20}
    manifest = place.prepare(3)
    assert {s: place.shards()[s] for s in "12"} == second
    assert [each["span"] for each in manifest.spans] == [2, 3]
    assert keys(place, examples_of) == {"cat": 30, "dog": 30}


def test_counts_and_shards_of_the_window_add_up(place):
    manifest = place.prepare(3, window=3)
    counts = manifest.counts
    assert counts["by_label"] == {"cat": 70, "dog": 30} and manifest.labels == ("cat", "dog")
    parts = ("written", "rejected", "filtered", "duplicates")
    assert counts["read"] == sum(counts[part] for part in parts) == 101
    assert sum(manifest.rejects.values()) == counts["rejected"] == 1
    assert sum(shard["records"] for shard in manifest.shards) == counts["written"] == 100
    for shard in manifest.shards:
        content = (place.output / shard["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == shard["sha256"]
    lines = [
        json.loads(line)
        for file in place.output.glob("rejects-*.jsonl")
        for line in file.read_text().splitlines()
    ]
    assert len(lines) == 1 and "/3/dog.bin" in lines[0]["source"]
    assert read_manifest(str(place.output)) == manifest


def test_the_first_shards_are_of_every_span(place):
    """Whoever reads some of a split must not see its oldest span alone."""
    manifest = place.prepare(3, window=3)
    owners = []
    inodes = {}
    for file in place.store.glob("*/Split-train/*.gz"):
        inodes[file.stat().st_ino] = file.parent.parent.name.split("-")[0]
    for shard in manifest.shards:
        if shard["path"].startswith("Split-train"):
            owners.append(inodes[(place.output / shard["path"]).stat().st_ino])
    assert owners == ["1", "2", "3", "1", "2", "3"]


def test_a_span_that_changed_is_prepared_again_and_no_other(place, examples_of):
    place.prepare(2)
    before = place.shards()
    place.write(1, "cat", 41)
    place.prepare(2)
    after = place.shards()
    # What a blessed model has learned from stays as it was.
    assert after["2"] == before["2"] and set(before["1"]) < set(after["1"])
    assert keys(place, examples_of) == {"cat": 71, "dog": 20}


def test_other_options_or_code_keep_the_prepared_spans_of_before(place):
    place.prepare(1)
    place.prepare(1, code_version="2")
    place.prepare(1, options=dataclasses.replace(OPTIONS, image_size=20))
    assert len(os.listdir(place.store)) == 3


def test_dated_spans_are_called_by_their_day(tmp_path, record):
    for day in ("2026-11-19", "2026-11-20"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "cat.bin").write_bytes(b"".join(record(key_id=k) for k in range(9)))
    window = SpanWindow(spans=2, store=str(tmp_path / "spans"))
    pattern = f"{tmp_path}/{{YYYY}}-{{MM}}-{{DD}}/*.bin"
    manifest = prepare_window(OPTIONS, [pattern], str(tmp_path / "out"), window)
    assert [(each["span"], each["name"]) for each in manifest.spans] == [
        (20776, "2026-11-19"),
        (20777, "2026-11-20"),
    ]
    assert sorted(os.listdir(tmp_path / "spans"))[1].startswith("2026-11-20-")


def test_later_spans_wait(place):
    assert [each["span"] for each in place.prepare(2, window=3).spans] == [1, 2]
    with pytest.raises(InputError, match="span 4 has no files"):
        place.prepare(4)


def test_what_a_killed_run_left_is_gone(place, examples_of):
    left = place.output / "Split-train" / "examples-00007-of-00009.gz"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a shard")
    place.prepare(1)
    assert not left.exists() and keys(place, examples_of) == {"cat": 40}


def test_a_bad_span_is_named(place):
    place.write(2, "cat", 0, tail=b"")
    place.write(2, "dog", 0, tail=b"")
    with pytest.raises(InputError, match=r"^span 2: input: nothing to write"):
        place.prepare(2)


def test_spans_of_other_attributes_do_not_go_together(tmp_path):
    from data_prep.synthetic.faces import ATTRIBUTES_FILE, write_faces

    for span in (1, 2):
        write_faces(str(tmp_path / str(span)), count=12, seed=span)
    path = tmp_path / "2" / ATTRIBUTES_FILE
    path.write_text(path.read_text().replace("Smiling", "Grinning"))
    options = PrepConfig(source="celeba", attributes=f"{tmp_path}/{{SPAN}}/{ATTRIBUTES_FILE}")
    window = SpanWindow(spans=2, store=str(tmp_path / "spans"))
    with pytest.raises(InputError, match=r"attributes of span 1 is .*Smiling.*of span 2 .*Grinni"):
        prepare_window(
            options,
            [f"{tmp_path}/{{SPAN}}/img_align_celeba/*.jpg"],
            str(tmp_path / "out"),
            window,
            newest=2,
        )
