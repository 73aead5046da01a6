"""What is pushed, and when nothing is."""

import json
import os

import pytest
from tfx.types import standard_artifacts

from components.decoder_pusher.component import Executor, newest_version
from components.file_tree import same_tree
from data_prep.errors import InputError


def artifact(kind, folder):
    made = kind()
    made.uri = str(folder)
    os.makedirs(folder, exist_ok=True)
    return made


@pytest.fixture
def push(tmp_path):
    """push(decoder's bytes, blessed) -> the pushed_model artifact."""
    count = iter(range(100))

    def run(content, blessed=True, destination=None):
        folder = tmp_path / f"run-{next(count)}"
        serving = folder / "model" / "Format-Serving"
        (serving / "variables").mkdir(parents=True)
        (serving / "saved_model.pb").write_bytes(content)
        (serving / "variables" / "variables.index").write_bytes(b"index")
        model = artifact(standard_artifacts.Model, folder / "model")
        blessing = artifact(standard_artifacts.ModelBlessing, folder / "blessing")
        blessing.set_int_custom_property("blessed", int(blessed))
        pushed = artifact(standard_artifacts.PushedModel, folder / "pushed")
        whole = {"filesystem": {"base_directory": str(tmp_path / "serving")}}
        Executor().Do(
            {"model": [model], "model_blessing": [blessing]},
            {"pushed_model": [pushed]},
            {"push_destination": destination or json.dumps(whole)},
        )
        return pushed

    return run


def versions(tmp_path):
    return sorted(os.listdir(tmp_path / "serving")) if (tmp_path / "serving").exists() else []


def test_a_blessed_decoder_is_pushed_once(tmp_path, push):
    first, second = push(b"one"), push(b"one")
    assert len(versions(tmp_path)) == 1
    where = str(tmp_path / "serving" / versions(tmp_path)[0])
    for pushed in (first, second):
        assert pushed.get_int_custom_property("pushed") == 1
        assert pushed.get_string_custom_property("pushed_destination") == where
        assert pushed.get_string_custom_property("pushed_version") == versions(tmp_path)[0]
        assert same_tree(pushed.uri, where)


def test_another_decoder_within_the_second_is_a_newer_version(tmp_path, push):
    push(b"one")
    pushed = push(b"two")
    older, newer = versions(tmp_path)
    assert int(older) < int(newer)
    assert pushed.get_string_custom_property("pushed_version") == newer
    assert (tmp_path / "serving" / newer / "saved_model.pb").read_bytes() == b"two"


def test_going_back_to_an_older_decoder_is_a_new_version(tmp_path, push):
    for content in (b"one", b"two", b"one"):
        push(content)
    assert len(versions(tmp_path)) == 3


def test_what_is_not_blessed_is_not_pushed(tmp_path, push):
    assert push(b"one", blessed=False).get_int_custom_property("pushed") == 0
    assert versions(tmp_path) == []
    push(b"one")
    assert push(b"one", blessed=False).get_int_custom_property("pushed") == 0


def test_a_version_that_was_cut_short_is_not_taken_for_the_decoder(tmp_path, push):
    push(b"one")
    os.remove(tmp_path / "serving" / versions(tmp_path)[0] / "saved_model.pb")
    push(b"one")
    assert len(versions(tmp_path)) == 2


def test_the_newest_version_is_the_largest_number(tmp_path):
    assert newest_version(str(tmp_path / "absent")) is None
    for name in ("9", "10", "notes"):
        (tmp_path / name).mkdir()
    assert newest_version(str(tmp_path)) == 10


def test_a_destination_may_be_a_plain_folder_as_a_runtime_parameter_is(tmp_path, push):
    pushed = push(b"one", destination=str(tmp_path / "elsewhere"))
    (version,) = os.listdir(tmp_path / "elsewhere")
    where = str(tmp_path / "elsewhere" / version)
    assert pushed.get_string_custom_property("pushed_destination") == where
    with pytest.raises(InputError, match="push_destination: got ' '"):
        push(b"two", destination=" ")
