"""What the doctor finds, and what it must not say."""

import hashlib
import json
import sqlite3

import pytest
from click.testing import CliRunner

from data_prep.features import ImageSpec
from data_prep.manifest import Manifest
from pipeline.doctor import environment, state
from pipeline.doctor.command import doctor
from pipeline.doctor.environment import BAD, GOOD, NOTE, Finding


def test_python():
    assert environment.python((3, 11, 7)) == Finding(GOOD, "Python 3.11.7")
    assert environment.python((3, 12, 1)).state == BAD


def test_packages_against_the_lock(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("# via\nTypes-PyYAML==6.0 \\\n    --hash=sha256:0\nnumpy==2.4\nkeras==3.15\n")
    good = {"types-pyyaml": "6.0", "numpy": "2.4", "keras": "3.15", "more": "1"}
    assert environment.packages(lock, good) == Finding(GOOD, "3 packages as locked")
    bad = environment.packages(lock, {"types-pyyaml": "6.0", "numpy": "2.3"})
    assert bad.state == BAD and "make install" in bad.remedy
    words = "packages: 1 missing: keras; 1 of another version: numpy 2.3 (locked 2.4)"
    assert bad.what == words
    assert environment.packages(tmp_path / "none", good).state == NOTE


@pytest.mark.parametrize(
    ("free", "state"), [(100, GOOD), (3, NOTE), (0.5, BAD)], ids=["much", "little", "none"]
)
def test_disk(tmp_path, monkeypatch, free, state):
    monkeypatch.setattr(
        environment.shutil, "disk_usage", lambda place: type("U", (), {"free": free * 2**30})
    )
    found = environment.disk(tmp_path / "not" / "yet")
    assert found.state == state and str(tmp_path) in found.what
    assert bool(found.remedy) == (state != GOOD)


def test_java(tmp_path):
    def says(words):
        script = tmp_path / "java"
        script.write_text(f"#!/bin/sh\necho '{words}' >&2\n")
        script.chmod(0o755)
        return environment.java(str(script))

    assert says('openjdk version "17.0.9" 2023') == Finding(GOOD, "Java 17")
    assert says('java version "1.8.0_292"').what == "Java 8"
    assert says("no idea").state == NOTE


def test_credentials_are_named_and_never_shown(tmp_path):
    key = tmp_path / "key.json"
    key.write_text('{"private_key": "hidden-1"}')
    given = {
        "HOME": str(tmp_path),
        "GOOGLE_APPLICATION_CREDENTIALS": str(key),
        "AWS_ACCESS_KEY_ID": "hidden-2",
        "KF_PIPELINES_TOKEN": "hidden-3",
    }
    found = list(environment.credentials(given))
    assert [each.state for each in found] == [GOOD, GOOD, GOOD]
    assert "hidden" not in str(found) and str(key) not in str(found)
    none = list(environment.credentials({"HOME": str(tmp_path)}))
    assert [each.state for each in none] == [NOTE, NOTE] and all(each.remedy for each in none)
    gone = {"HOME": str(tmp_path), "GOOGLE_APPLICATION_CREDENTIALS": "/hidden-4"}
    first = next(iter(environment.credentials(gone)))
    assert first.state == BAD and "hidden" not in str(first)


def make_database(root, version=10):
    with sqlite3.connect(root / "metadata.sqlite") as store:
        store.executescript(
            f"CREATE TABLE MLMDEnv (schema_version INT); INSERT INTO MLMDEnv VALUES ({version});"
            "CREATE TABLE Type (id INT, name TEXT); CREATE TABLE Context (id INT, type_id INT);"
            "INSERT INTO Type VALUES (1, 'pipeline_run'), (2, 'node');"
            "INSERT INTO Context VALUES (1, 1), (2, 1), (3, 2);"
        )


def test_the_database(tmp_path):
    assert state.database(tmp_path) == Finding(GOOD, f"no runs in {tmp_path} yet")
    path = tmp_path / "metadata.sqlite"
    make_database(tmp_path)
    assert state.database(tmp_path) == Finding(GOOD, f"{path}: 2 runs")
    path.unlink()
    make_database(tmp_path, version=9)
    assert "schema version 9, wanted: 10" in state.database(tmp_path).what
    path.write_bytes(b"not a database at all" * 100)
    assert state.database(tmp_path).state == BAD
    path.write_bytes(b"")
    assert state.database(tmp_path).state == BAD and "afresh" in state.database(tmp_path).remedy


def test_the_last_run(tmp_path):
    assert list(state.last_run(tmp_path)) == []
    (tmp_path / "summary.json").write_text('{"state": "failed", "error": "e", "log": "l"}')
    (found,) = state.last_run(tmp_path)
    assert found == Finding(
        NOTE, "the last run failed: e", "the same command goes on; the log is l"
    )
    (tmp_path / "summary.json").write_text("{")
    assert next(state.last_run(tmp_path)).state == NOTE


@pytest.fixture
def data(tmp_path):
    """make(**changes of the manifest) -> a directory with one shard."""
    shard = tmp_path / "Split-train" / "examples-00000-of-00001.gz"
    shard.parent.mkdir()
    shard.write_bytes(b"records")

    def make(**changes):
        counts = {
            "read": 10, "written": 10, "rejected": 0, "filtered": 0, "duplicates": 0,
            "by_split": {"train": 8, "eval": 1, "test": 1}, "by_label": {"a": 5, "b": 5},
        }  # fmt: skip
        counts |= changes
        sha256 = hashlib.sha256(b"records").hexdigest()
        path = "Split-train/examples-00000-of-00001.gz"
        manifest = Manifest(
            image=ImageSpec(8, 8, 1, "none"), labels=("a", "b"), attributes=(), counts=counts,
            rejects={}, positives={}, shards=({"path": path, "records": 10, "sha256": sha256},),
            source={}, options={}, code_version="",
        )  # fmt: skip
        (tmp_path / "manifest.json").write_text(manifest.to_json())
        return tmp_path

    return make


def states(folder):
    return [finding.state for finding in state.data_set(folder)]


def test_healthy_data(data):
    assert states(data()) == [GOOD, GOOD, GOOD]


@pytest.mark.parametrize(
    ("changes", "expected", "words"),
    [
        ({"read": 11}, [GOOD, BAD, GOOD], "do not add up: 11 read"),
        ({"read": 12, "rejected": 2}, [GOOD, NOTE, GOOD], "2 rejected"),
        ({"by_split": {"train": 0, "eval": 10}}, [GOOD, GOOD, BAD], "train 0, eval 10, test 0"),
        ({"by_split": {"train": 10}}, [GOOD, GOOD, NOTE], "train 10, eval 0, test 0"),
        ({"by_label": {"a": 100, "b": 2}}, [GOOD, GOOD, GOOD, NOTE], "b the fewest"),
    ],
)
def test_data_with_a_flaw(data, changes, expected, words):
    folder = data(**changes)
    assert states(folder) == expected
    assert words in "; ".join(finding.what for finding in state.data_set(folder))


def test_data_that_was_changed_or_never_finished(data, tmp_path):
    folder = data()
    shard = folder / "Split-train" / "examples-00000-of-00001.gz"
    shard.write_bytes(b"recordz")
    assert "is not what was written" in next(state.data_set(folder)).what
    shard.unlink()
    assert "is missing" in next(state.data_set(folder)).what
    (folder / "manifest.json").unlink()
    assert states(folder) == [BAD]


def test_the_verb(data, tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "devices", lambda: Finding(GOOD, "2 CPU cores"))
    monkeypatch.chdir(tmp_path)
    arguments = ["--data", str(data()), "--json", "--root", str(tmp_path / "root")]
    found = CliRunner().invoke(doctor, arguments)
    assert found.exit_code == 0, found.output
    assert {"state": GOOD, "what": "2 CPU cores", "remedy": ""} in json.loads(found.stdout)
    bad = CliRunner().invoke(doctor, ["--data", str(tmp_path / "nowhere")])
    assert bad.exit_code == 2
    assert "bad   " in bad.stdout and "→ prepare it again" in bad.stdout
