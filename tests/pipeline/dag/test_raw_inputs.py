"""Inputs are found before anything starts, and sample drawings are made once."""

import os

import pytest

from data_prep.config import SampleConfig
from data_prep.errors import InputError
from data_prep.source_registry import sources
from data_prep.synthetic.drawings import WORDS
from pipeline.config.pipeline import DataConfig
from pipeline.dag.raw_inputs import generated_folder, raw_inputs

SAMPLE = sources()["sample"]


def test_sample_drawings_are_made_once_and_stay_untouched(tmp_path):
    config = SampleConfig(per_word=10, seed=3)
    folder = generated_folder(SAMPLE, config, tmp_path)
    before = {path: os.stat(path).st_mtime_ns for path in folder.iterdir()}
    assert {path.stem for path in folder.glob("*.bin")} == set(WORDS)
    assert generated_folder(SAMPLE, config, tmp_path) == folder
    assert before == {path: os.stat(path).st_mtime_ns for path in folder.iterdir()}
    assert generated_folder(SAMPLE, SampleConfig(per_word=10, seed=4), tmp_path) != folder


def test_a_killed_drawing_leaves_no_folder_behind(tmp_path, monkeypatch):
    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("data_prep.synthetic.drawings.write_drawings", killed)
    with pytest.raises(KeyboardInterrupt):
        generated_folder(SAMPLE, SampleConfig(per_word=10), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_globs_become_absolute_and_must_match(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat.bin").touch()
    found, _ = raw_inputs(DataConfig(source="quickdraw", input=("*.bin",)), tmp_path)
    assert found == [str(tmp_path / "*.bin")]
    with pytest.raises(InputError, match=r"data\.input: no file matches '.*dog.*'"):
        raw_inputs(DataConfig(source="quickdraw", input=("*.bin", "dog/*.bin")), tmp_path)


def test_spans_are_looked_for_and_may_be_folders(tmp_path):
    for span in ("1", "2"):
        (tmp_path / span).mkdir()
        (tmp_path / span / "cat.bin").touch()

    def found(path):
        config = DataConfig(source="quickdraw", input=(f"{tmp_path}/{path}",))
        return raw_inputs(config, tmp_path)[0]

    assert found("{SPAN}/*.bin") == [f"{tmp_path}/{{SPAN}}/*.bin"]
    (tmp_path / "README").touch()
    assert found("{SPAN}") == [f"{tmp_path}/{{SPAN}}/*"]
    remote = DataConfig(source="image_folder", input=("gs://b/photos/{SPAN}",))
    assert raw_inputs(remote, tmp_path)[0] == ["gs://b/photos/{SPAN}/*/*"]
    with pytest.raises(InputError, match=r"no file matches '.*span-\{SPAN\}"):
        found("span-{SPAN}/*.bin")
    (tmp_path / "2").rename(tmp_path / "02")
    with pytest.raises(InputError, match=r"padded with zeros, allowed: \{SPAN:2\}"):
        found("{SPAN}/*.bin")


@pytest.mark.parametrize(
    ("source", "path", "what"),
    [
        ("quickdraw", "gs://b/raw/cat-{SPAN}.bin", "file"),
        ("image_folder", "gs://b/photos/{SPAN}/*.jpg", "folder"),
    ],
)
def test_a_span_does_not_name_the_label(tmp_path, source, path, what):
    with pytest.raises(InputError, match=f"the {what}'s name is the label, allowed: the placeh"):
        raw_inputs(DataConfig(source=source, input=(path,)), tmp_path)
    lines = DataConfig(source="quickdraw", input=("gs://b/raw/{SPAN}.ndjson",))
    assert raw_inputs(lines, tmp_path)[0] == ["gs://b/raw/{SPAN}.ndjson"]


def test_other_filesystems_are_left_to_beam(tmp_path):
    remote = DataConfig(source="quickdraw", input=("gs://bucket/*.bin",))
    assert raw_inputs(remote, tmp_path)[0] == ["gs://bucket/*.bin"]


def test_a_prepared_directory_has_a_manifest(tmp_path):
    config = DataConfig(source="prepared", input=(str(tmp_path),))
    with pytest.raises(InputError, match=r"manifest\.json is missing"):
        raw_inputs(config, tmp_path)
    (tmp_path / "manifest.json").touch()
    assert raw_inputs(config, tmp_path) == ([str(tmp_path)], None)
