"""The preparation as a component: what it runs, what it writes, what its cache key holds."""

import dataclasses
import os
import shutil

import pytest
from tfx.components.example_gen import driver
from tfx.types import standard_artifacts

from components.example_preparation import executor, local_execution
from components.example_preparation.component import ExamplePreparation, relative_to_common_folder
from data_prep.config import PrepConfig
from data_prep.job.window import SpanWindow
from data_prep.manifest import read_manifest
from data_prep.synthetic.drawings import WORDS, write_drawings

OPTIONS = PrepConfig(source="quickdraw", image_size=16, seed=2**62 + 1, words=("face", "star"))


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    write_drawings(str(folder), per_word=10, seed=0)
    return folder


def properties(component):
    return dict(component.exec_properties)


@pytest.mark.parametrize(
    ("globs", "base", "patterns"),
    [
        (["/a/b/*.bin"], "/a/b", ["*.bin"]),
        (["/a/b/cat.bin"], "/a/b", ["cat.bin"]),
        (["/a/b/*.bin", "/a/c/d/*.bin"], "/a", ["b/*.bin", "c/d/*.bin"]),
        (["/a/*/x.bin", "/a/b/x.bin"], "/a", ["*/x.bin", "b/x.bin"]),
        (["/a.bin", "/b/c.bin"], "/", ["a.bin", "b/c.bin"]),
        (["gs://b/raw/*.bin", "gs://b/raw/old/c.bin"], "gs://b/raw", ["*.bin", "old/c.bin"]),
    ],
)
def test_globs_are_made_relative_to_their_common_folder(globs, base, patterns):
    assert relative_to_common_folder(globs) == (base, patterns)
    assert [os.path.join(base, pattern) for pattern in patterns] == globs


def test_options_survive_the_way_through_the_properties(raw):
    """A 63-bit seed included: a JSON number or a protobuf double would round it."""
    component = ExamplePreparation(inputs=[f"{raw}/*.bin"], options=OPTIONS, code_version="1")
    assert executor._inputs_and_options(properties(component)) == ([f"{raw}/*.bin"], OPTIONS)


def test_properties_change_with_options_and_code_and_only_then(raw):
    def made(options=OPTIONS, code_version="1"):
        inputs = [f"{raw}/*.bin"]
        return properties(
            ExamplePreparation(inputs=inputs, options=options, code_version=code_version)
        )

    assert made() == made()
    assert made(code_version="2") != made()
    assert made(options=PrepConfig(source="quickdraw", image_size=24)) != made()


def test_the_driver_fingerprints_the_files(raw):
    component = ExamplePreparation(inputs=[f"{raw}/*.bin"], options=OPTIONS, code_version="1")

    def fingerprint():
        resolved = driver.FileBasedDriver(None).resolve_exec_properties(
            properties(component), None, None
        )
        return resolved["input_fingerprint"]

    before = fingerprint()
    assert fingerprint() == before
    path = raw / f"{WORDS[0]}.bin"
    os.utime(path, (1, 1))
    assert fingerprint() != before


def test_a_new_span_changes_the_cache_key_and_is_what_is_prepared(raw, tmp_path):
    window = SpanWindow(spans=2, store=str(tmp_path / "spans"))
    component = ExamplePreparation(
        inputs=[f"{tmp_path}/raw-{{SPAN:2}}/*.bin"],
        options=OPTIONS,
        code_version="1",
        window=window,
    )

    def windows_of(resolved, name):
        examples = standard_artifacts.Examples()
        examples.uri = str(tmp_path / name)
        os.makedirs(examples.uri)
        with local_execution.running_locally(local_execution.LocalExecution()):
            executor.Executor().Do({}, {"examples": [examples]}, resolved)
        return [each["span"] for each in read_manifest(examples.uri).spans]

    def prepared(span):
        shutil.copytree(raw, tmp_path / f"raw-{span:02d}")
        resolved = driver.FileBasedDriver(None).resolve_exec_properties(
            properties(component), None, None
        )
        found = windows_of(resolved, f"examples-{span}")
        return found, resolved["span"], resolved["input_config"]

    found = [prepared(span) for span in (9, 10, 12)]
    assert [spans for spans, _, _ in found] == [[9], [9, 10], [10, 12]]
    assert [span for _, span, _ in found] == [9, 10, 12]
    # The files are copies of equal times, which the fingerprint takes for the same ones.
    assert len({inputs for _, _, inputs in found}) == 3
    # A name that is no span's stops TFX's driver, unless it is told the span.
    shutil.copytree(raw, tmp_path / "raw-xx")
    told = ExamplePreparation(
        inputs=[f"{tmp_path}/raw-{{SPAN:2}}/*.bin"],
        options=OPTIONS,
        code_version="1",
        window=window,
        newest=10,
    )
    resolved = driver.FileBasedDriver(None).resolve_exec_properties(properties(told), None, None)
    assert windows_of(resolved, "again") == [9, 10]
    # Where no driver runs, as on Kubeflow, the newest is found by the executor.
    assert windows_of(properties(component), "examples") == [10, 12]


@pytest.mark.slow
def test_it_writes_a_prepared_directory_and_names_its_splits(raw, tmp_path, caplog):
    small = dataclasses.replace(OPTIONS, image_size=8)
    component = ExamplePreparation(inputs=[f"{raw}/*.bin"], options=small, code_version="1")
    examples = standard_artifacts.Examples()
    examples.uri = str(tmp_path / "examples")
    os.makedirs(examples.uri)  # as the launcher does
    seen = []
    local = local_execution.LocalExecution(workers=1, on_progress=seen.append)
    with local_execution.running_locally(local):
        executor.Executor().Do({}, {"examples": [examples]}, properties(component))
    assert local_execution.current() is None
    manifest = read_manifest(examples.uri)
    assert manifest.labels == ("face", "star")
    assert manifest.counts["written"] == 20
    assert examples.split_names == '["train", "eval", "test"]'
    assert examples.get_string_custom_property("payload_format") == "FORMAT_TF_EXAMPLE"
    assert examples.get_string_custom_property("file_format") == "tfrecords_gzip"
    assert sorted(os.listdir(examples.uri))[:3] == ["Split-eval", "Split-test", "Split-train"]
    assert seen[-1].shards_made == seen[-1].shards_total
    assert caplog.text.count("a line is 0.42 pixels wide") == 1


def test_other_data_of_the_same_layout_brings_its_own_lists():
    """What the runtime parameter data_input does: the folder of everything is another."""
    options = PrepConfig(
        source="celeba", image_size=32, attributes="/a/list.txt", partition="/a/parts/p.txt"
    )
    made = properties(
        ExamplePreparation(
            inputs=["/a/img/*.jpg"], options=options, code_version="1", input_base="gs://b/faces"
        )
    )
    inputs, found = executor._inputs_and_options(made)
    assert inputs == ["gs://b/faces/img/*.jpg"]
    assert (found.attributes, found.identities) == ("gs://b/faces/list.txt", "")
    assert found.partition == "gs://b/faces/parts/p.txt"
