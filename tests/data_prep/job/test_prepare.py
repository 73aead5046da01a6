"""The preparation as a whole: counts add up, bytes do not depend on how it ran."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_prep.config import PrepConfig
from data_prep.errors import InputError
from data_prep.job.prepare import prepare
from data_prep.job.progress import PrepProgress
from data_prep.layout import rejects_file
from data_prep.manifest import manifest_sha256, read_manifest
from data_prep.pixels import rasterize
from data_prep.records.key_hash import key_hashes
from data_prep.sources import quickdraw


def key_hash(key: bytes, seed: int) -> tuple[int, int]:
    return tuple(
        key_hashes(np.frombuffer(key, np.uint8), np.array([0, len(key)]), seed)[0].tolist()
    )


def options(**more) -> PrepConfig:
    return PrepConfig(**{"source": "quickdraw", "image_size": 16} | more)


def rejects_of(output) -> list[dict]:
    return [json.loads(row) for row in (Path(output) / rejects_file()).read_text().splitlines()]


def check_sum(counts) -> None:
    parts = ("written", "rejected", "filtered", "duplicates")
    assert counts["read"] == sum(counts[part] for part in parts)
    assert counts["written"] == sum(counts["by_split"].values())


@pytest.fixture
def drawings(tmp_path, record):
    """300 cats and 200 dogs of one stroke each."""
    folder = tmp_path / "in"
    folder.mkdir()
    for word, first, n in (("cat", 10**15, 300), ("dog", 2 * 10**15, 200)):
        records = [
            record(first + i, [((0, i % 256, 255), (0, 255, i % 200))], b"DE", i % 5 > 0, 10**9 + i)
            for i in range(n)
        ]
        (folder / f"{word}.bin").write_bytes(b"".join(records))
    return folder


def keys_in(output, examples_of, split) -> list[bytes]:
    # The key is the only feature of 16 digits.
    return [
        re.search(rb"\n\x03key\x12\x14\n\x12\n\x10(\d{16})", example)[1]
        for path in sorted((Path(output) / f"Split-{split}").glob("*.gz"))
        for example in examples_of(path)
    ]


def test_written_examples_are_what_the_drawings_say(drawings, tmp_path, examples_of):
    manifest = prepare(options(splits=(0.6, 0.2, 0.2)), [str(drawings)], str(tmp_path / "out"))
    check_sum(manifest.counts)
    assert manifest.counts["written"] == 500
    assert manifest.counts["by_label"] == {"cat": 300, "dog": 200}
    assert manifest.labels == ("cat", "dog")
    assert manifest.image == (16, 16, 1, "white")
    assert read_manifest(str(tmp_path / "out")) == manifest
    for split, low, high in (("train", 0, 0.6), ("eval", 0.6, 0.8), ("test", 0.8, 1)):
        keys = keys_in(tmp_path / "out", examples_of, split)
        assert len(keys) == manifest.counts["by_split"][split] > 50
        assert keys == sorted(keys)  # one shard: sorted by key
        for key in keys:
            assert low <= key_hash(key, 0)[0] / 2**64 < high
    assert not (tmp_path / "out" / ".staging").exists()


def test_tensorflow_reads_every_feature(drawings, tmp_path):
    import tensorflow as tf

    prepare(options(), [str(drawings / "cat.bin")], str(tmp_path / "out"))
    files = [str(p) for p in (tmp_path / "out").glob("Split-*/*.gz")]
    seen = 0
    for raw in tf.data.TFRecordDataset(files, compression_type="GZIP"):  # checks the CRCs
        feature = tf.train.Example.FromString(raw.numpy()).features.feature
        value = {k: getattr(v, v.WhichOneof("kind")).value[0] for k, v in feature.items()}
        i = int(value["key"]) - 10**15
        image = np.frombuffer(value["image"], np.uint8)
        assert image.shape == (256,)
        assert value["label"] == b"cat"
        assert value["countrycode"] == b"DE"
        assert value["recognized"] == (i % 5 > 0)
        assert value["timestamp"] == 10**9 + i
        np.testing.assert_allclose(value["image_mean"], image.mean(), rtol=1e-5)
        np.testing.assert_allclose(value["image_std"], image.std(), rtol=1e-5)
        np.testing.assert_allclose(value["ink"], (image > 127).mean(), rtol=1e-5)
        seen += 1
    assert seen == 300


def test_key_ids_survive_as_unsigned_64_bits(tmp_path, record):
    import tensorflow as tf

    wanted = {0, 1, 2**63 - 1, 2**63, 2**64 - 1}
    source = tmp_path / "cat.bin"
    source.write_bytes(b"".join(record(k) for k in wanted))
    prepare(options(), [str(source)], str(tmp_path / "out"))
    files = [str(p) for p in (tmp_path / "out").glob("Split-*/*.gz")]
    keys = set()
    for raw in tf.data.TFRecordDataset(files, compression_type="GZIP"):
        feature = tf.train.Example.FromString(raw.numpy()).features.feature
        keys.add(int(feature["key"].bytes_list.value[0]))
    assert keys == wanted


def hashes(manifest) -> list[str]:
    return [shard["sha256"] for shard in manifest.shards]


@pytest.mark.slow
def test_one_and_two_workers_write_the_same_bytes(drawings, tmp_path, monkeypatch):
    one = prepare(options(shards=3), [str(drawings)], str(tmp_path / "one"))
    two = prepare(options(shards=3), [str(drawings)], str(tmp_path / "two"), workers=2)
    monkeypatch.setattr(quickdraw, "CHUNK", 700)  # 20 drawings a chunk
    many = prepare(options(shards=3), [str(drawings)], str(tmp_path / "many"))
    assert len(one.shards) == 9
    assert hashes(one) == hashes(two) == hashes(many)
    assert manifest_sha256(str(tmp_path / "one")) == manifest_sha256(str(tmp_path / "two"))


def test_ndjson_and_bin_of_the_same_drawings_write_the_same_bytes(tmp_path, record, line):
    rows = [(10**15 + i, ((0, i, 255), (0, 9, 200))) for i in range(40)]
    (tmp_path / "cat.bin").write_bytes(
        b"".join(record(k, [xy], b"US", 1, 1488497110) for k, xy in rows)
    )
    (tmp_path / "any name.ndjson").write_bytes(
        b"".join(line(str(k), drawing=[xy]) for k, xy in rows)
    )
    a = prepare(options(), [str(tmp_path / "cat.bin")], str(tmp_path / "a"))
    b = prepare(options(), [str(tmp_path / "any name.ndjson")], str(tmp_path / "b"))
    assert hashes(a) == hashes(b)


def test_repeats_and_damage_are_counted_and_named(tmp_path, record):
    def three(k):
        return record(k, [((0, 200, 150), (150, 0, 255))])

    good = [three(i) for i in range(1, 21)]
    (tmp_path / "cat.bin").write_bytes(
        b"".join(good)
        + three(1)  # an equal repeat
        + record(2, [((9,), (9,))])  # one that differs
        + record(50, [])
        + record(51, [((), ())])
        + three(60)[:-2]  # cut
    )
    (tmp_path / "ant.bin").write_bytes(three(3))  # the smaller label wins
    (tmp_path / "none.bin").write_bytes(b"")
    (tmp_path / ".bin").write_bytes(three(70))
    out = tmp_path / "out"
    manifest = prepare(options(), [str(tmp_path / p) for p in ("*.bin", ".bin")], str(out))
    check_sum(manifest.counts)
    assert manifest.counts["read"] == 20 + 2 + 2 + 1 + 1 + 1 + 1
    assert manifest.counts["written"] == 20
    assert manifest.counts["duplicates"] == 3
    assert manifest.counts["duplicates_that_differ"] == 2
    assert manifest.counts["by_label"] == {"ant": 1, "cat": 19}
    assert manifest.rejects == {
        "empty_file": 1, "empty_stroke": 1, "empty_word": 1, "no_strokes": 1, "truncated": 1,
    }  # fmt: skip
    rows = rejects_of(out)
    size = len(three(1))
    found = {
        (Path(r["source"]).name, r["reason"], r["byte"], r.get("key"))
        for r in rows
        if "source" in r
    }
    at = 21 * size + len(record(2, [((9,), (9,))]))
    assert found == {
        (".bin", "empty_word", 0, None),
        ("cat.bin", "no_strokes", at, "50"),
        ("cat.bin", "empty_stroke", at + 17, "51"),
        ("cat.bin", "truncated", at + 17 + 19, None),
        ("none.bin", "empty_file", 0, None),
    }
    differing = {(r["key"], r["label"], r["kept_label"]) for r in rows if "kept_label" in r}
    assert differing == {("2", "cat", "cat"), ("3", "cat", "ant")}


def test_the_smallest_label_and_bytes_are_kept_whatever_the_order(tmp_path, record):
    small, large = record(7, [((1,), (1,))]), record(7, [((9,), (9,))])
    results = []
    for name, order in (("x", [small, large, large]), ("y", [large, small, large])):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "cat.bin").write_bytes(b"".join(order) + record(8))
        results.append(prepare(options(), [str(folder)], str(tmp_path / f"out-{name}")))
    assert hashes(results[0]) == hashes(results[1])
    assert [r.counts["duplicates"] for r in results] == [2, 2]


def test_filters(drawings, tmp_path):
    some = prepare(
        options(words=("cat", "cow"), recognized_only=True), [str(drawings)], str(tmp_path / "a")
    )
    check_sum(some.counts)
    assert some.counts["by_label"] == {"cat": 240}
    assert some.counts["filtered_by_reason"] == {"unrecognized": 60, "word": 200}
    with pytest.raises(InputError, match="nothing to write: 500 read, 0 rejected, 500 filtered"):
        prepare(options(words=("cow",)), [str(drawings)], str(tmp_path / "b"))
    assert not (tmp_path / "b" / "manifest.json").exists()


def test_per_label_keeps_the_smallest_hashes(drawings, tmp_path, examples_of):
    capped = prepare(options(per_label=37, shards=2), [str(drawings)], str(tmp_path / "out"))
    check_sum(capped.counts)
    assert capped.counts["by_label"] == {"cat": 37, "dog": 37}
    assert capped.counts["filtered_by_reason"] == {"per_label": 500 - 74}
    ranks = sorted((key_hash(b"%d" % (10**15 + i), 0)[1], b"%d" % (10**15 + i)) for i in range(300))
    kept = {k for s in ("train", "eval", "test") for k in keys_in(tmp_path / "out", examples_of, s)}
    assert {k for k in kept if k.startswith(b"1")} == {key for _, key in ranks[:37]}


def test_lines_are_numbered_through_the_file(tmp_path, line, monkeypatch):
    monkeypatch.setattr(quickdraw, "CHUNK", 400)
    text = b"".join(b"?\n" if i in (0, 13, 29) else line(str(i + 1)) for i in range(30))
    (tmp_path / "a.ndjson").write_bytes(text + b"broken at the end")
    manifest = prepare(options(), [str(tmp_path / "a.ndjson")], str(tmp_path / "out"))
    check_sum(manifest.counts)
    assert [r["line"] for r in rejects_of(tmp_path / "out")] == [1, 14, 30, 31]
    assert manifest.counts["written"] == 27


def test_a_line_too_long_is_given_up(tmp_path, line, monkeypatch):
    monkeypatch.setattr(quickdraw, "CHUNK", 4096)
    monkeypatch.setattr(quickdraw, "MAX_LINE", 10_000)
    text = line("1") + b"[" * 3_000_000 + b"\n" + line("2")
    (tmp_path / "a.ndjson").write_bytes(text)
    manifest = prepare(options(), [str(tmp_path / "a.ndjson")], str(tmp_path / "out"))
    assert manifest.rejects == {"line_too_long": 1}
    assert manifest.counts["written"] == 2


def test_bitmaps(tmp_path, examples_of, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 256, (50, 784), np.uint8)
    np.save(tmp_path / "cat.npy", pixels)
    monkeypatch.setattr(quickdraw, "CHUNK", 5000)
    manifest = prepare(options(image_size=28), [str(tmp_path / "cat.npy")], str(tmp_path / "out"))
    assert manifest.counts["written"] == manifest.counts["read"] == 50
    blob = b"".join(e for p in (tmp_path / "out").glob("Split-*/*") for e in examples_of(p))
    assert all(row.tobytes() in blob for row in pixels)
    padded = prepare(options(image_size=32), [str(tmp_path / "cat.npy")], str(tmp_path / "out32"))
    assert padded.image == (32, 32, 1, "white")
    blob = b"".join(e for p in (tmp_path / "out32").glob("Split-*/*") for e in examples_of(p))
    assert np.pad(pixels[7].reshape(28, 28), 2).tobytes() in blob
    with pytest.raises(InputError, match="image_size: got 64, allowed: 28 for numpy_bitmap"):
        prepare(options(image_size=64), [str(tmp_path / "cat.npy")], str(tmp_path / "out64"))


@pytest.mark.parametrize("cut", [0, 5, 20, 128, 129, 128 + 784 * 3 + 1])
def test_bitmap_file_cut_anywhere(tmp_path, cut):
    np.save(tmp_path / "cat.npy", np.zeros((50, 784), np.uint8))
    np.save(tmp_path / "dog.npy", np.ones((2, 784), np.uint8))
    whole = (tmp_path / "cat.npy").read_bytes()
    (tmp_path / "cat.npy").write_bytes(whole[:cut])
    manifest = prepare(options(image_size=28), [str(tmp_path)], str(tmp_path / "out"))
    check_sum(manifest.counts)
    reason = "empty_file" if cut == 0 else "not_a_bitmap_file" if cut < 128 else "truncated"
    assert manifest.rejects == {reason: 1}
    assert manifest.counts["written"] == 2 + max(0, (cut - 128) // 784)


def test_a_data_set_without_one_of_its_shards_is_not_taken_for_whole(drawings, tmp_path):
    out = tmp_path / "out"
    shard = prepare(options(), [str(drawings)], str(out)).shards[0]["path"]
    before = (out / shard).read_bytes()
    (out / shard).unlink()
    with pytest.raises(InputError, match=re.escape(f"{shard} is missing; use --overwrite")):
        prepare(options(), [str(drawings)], str(out))
    prepare(options(), [str(drawings)], str(out), overwrite=True)
    assert (out / shard).read_bytes() == before


def test_workers_beside_a_runner_are_refused(drawings, tmp_path):
    arguments = ["--runner=FlinkRunner"]
    with pytest.raises(InputError, match="workers: got 2, allowed: nothing beside --runner"):
        prepare(options(), [str(drawings)], str(tmp_path / "out"), workers=2, beam_args=arguments)


def test_unchanged_returns_at_once_and_changes_are_noticed(drawings, tmp_path, monkeypatch):
    out = str(tmp_path / "out")
    first = prepare(options(), [str(drawings)], out)
    stamp = (tmp_path / "out" / "manifest.json").stat().st_mtime_ns
    monkeypatch.setattr("data_prep.job.prepare.build", lambda *a: pytest.fail("it ran again"))
    assert prepare(options(), [str(drawings)], out) == first
    assert (tmp_path / "out" / "manifest.json").stat().st_mtime_ns == stamp
    with pytest.raises(InputError, match=r"image_size was 16, now 28.*--overwrite"):
        prepare(options(image_size=28), [str(drawings)], out)
    with (drawings / "cat.bin").open("ab") as file:
        file.write(b"x")
    with pytest.raises(InputError, match=r"input changed: .*cat\.bin.*--overwrite"):
        prepare(options(), [str(drawings)], out)
    monkeypatch.undo()
    again = prepare(options(shards=2), [str(drawings)], out, overwrite=True)
    assert len(list((tmp_path / "out").glob("Split-*/*"))) == 6
    assert again.rejects == {"truncated": 1}


def test_images_of_other_code_are_another_data_set(drawings, tmp_path, monkeypatch):
    out = str(tmp_path / "out")
    first = prepare(options(), [str(drawings)], out)
    assert first.pixel_version == rasterize.VERSION["official"] > 1
    path = tmp_path / "out" / "manifest.json"
    older = json.loads(path.read_text())
    del older["pixel_version"]  # as before there were versions
    path.write_text(json.dumps(older))
    with pytest.raises(InputError, match=r"images drawn by version 1 .*, now 2\); use --overwrite"):
        prepare(options(), [str(drawings)], out)
    assert prepare(options(), [str(drawings)], out, overwrite=True) == first
    monkeypatch.setitem(rasterize.VERSION, "official", 3)
    with pytest.raises(InputError, match="images drawn by version 2"):
        prepare(options(), [str(drawings)], out)


@pytest.mark.parametrize(("side", "warned"), [(9, True), (10, False)])
def test_the_manifest_warns_of_lines_too_thin(drawings, tmp_path, capsys, side, warned):
    from pipeline.cli.prep import _summarize

    manifest = prepare(options(image_size=side), [str(drawings)], str(tmp_path / "out"))
    assert read_manifest(str(tmp_path / "out")) == manifest
    _summarize(manifest, "out", 1.0)
    told = capsys.readouterr().err
    assert told.count("a line is 0.47 pixels wide") == len(manifest.warnings) == warned


def test_a_killed_preparation_leaves_nothing_that_looks_complete(drawings, tmp_path, monkeypatch):
    out = str(tmp_path / "out")
    whole = prepare(options(), [str(drawings)], str(tmp_path / "whole"))

    def killed(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("data_prep.job.prepare.finalize", killed)
    with pytest.raises(KeyboardInterrupt):
        prepare(options(shards=5), [str(drawings)], out)
    with pytest.raises(InputError, match="no prepared data set there"):
        read_manifest(out)
    monkeypatch.undo()
    again = prepare(options(), [str(drawings)], out)
    assert hashes(again) == hashes(whole)
    assert sorted(p.name for p in (tmp_path / "out").rglob("*")) == sorted(
        p.name for p in (tmp_path / "whole").rglob("*")
    )


def test_a_strangers_files_are_not_deleted(drawings, tmp_path):
    theirs = tmp_path / "out" / "Split-train" / "data.gz"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"precious")
    with pytest.raises(InputError, match="no preparation left there"):
        prepare(options(), [str(drawings)], str(tmp_path / "out"))
    assert theirs.read_bytes() == b"precious"


def test_too_many_rejects_stop_it_and_their_file_stays(tmp_path, record):
    junk = b"".join(record(i, []) for i in range(100, 220))
    (tmp_path / "cat.bin").write_bytes(b"".join(record(i) for i in range(100)) + junk)
    with pytest.raises(InputError, match=r"120 of 220 rejected \(54\.5%: no_strokes 120\)"):
        prepare(options(), [str(tmp_path / "cat.bin")], str(tmp_path / "out"))
    assert len(rejects_of(tmp_path / "out")) == 120
    assert not (tmp_path / "out" / "manifest.json").exists()
    lenient = options(max_reject_rate=0.6)
    assert (
        prepare(lenient, [str(tmp_path / "cat.bin")], str(tmp_path / "out")).counts["written"]
        == 100
    )


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (["nowhere/*.bin"], r"input nowhere/\*.bin: no such file"),
        (["nowhere"], "input nowhere: no such file"),
        ([], "input: none given"),
        (["picture.png"], "picture.png: not a kind of file read here"),
        (["a.npy", "a.bin"], "cannot be mixed"),
    ],
)
def test_wrong_inputs(tmp_path, monkeypatch, inputs, message):
    monkeypatch.chdir(tmp_path)
    for name in ("picture.png", "a.npy", "a.bin"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=message):
        prepare(options(), inputs, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_progress_reaches_the_end(drawings, tmp_path):
    seen: list[PrepProgress] = []
    prepare(options(), [str(drawings)], str(tmp_path / "out"), on_progress=seen.append)
    assert seen[-1].bytes_read == seen[-1].bytes_total > 0
    assert seen[-1].shards_made == seen[-1].shards_total == 3


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_corrupted_input_never_crashes_and_counts_add_up(tmp_path_factory, record, line, data):
    """Random flips, cuts and repeats of keys in all three forms."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    folder = tmp_path_factory.mktemp("corrupt")
    keys = rng.integers(0, 30, 60)
    blobs = {
        "cat.bin": b"".join(record(int(k), [((0, int(k), 9), (0, 200, 9))]) for k in keys),
        "cow.ndjson": b"".join(line(str(k)) for k in keys),
    }
    for name, blob in blobs.items():
        bytes_ = bytearray(blob)
        for at in rng.integers(0, len(bytes_), rng.integers(0, 6)):
            bytes_[at] = rng.integers(0, 256)
        (folder / name).write_bytes(bytes_[: len(bytes_) - int(rng.integers(0, 40))])
    manifest = prepare(options(max_reject_rate=1.0), [str(folder)], str(folder / "out"))
    check_sum(manifest.counts)
    assert manifest.counts["written"] <= 30 + manifest.counts["rejected"] + 6
    counted = [r for r in rejects_of(folder / "out") if "counted_as" not in r]
    assert len(counted) == manifest.counts["rejected"]
