"""The registry of blessed models, and who the champion is."""

import dataclasses
import json
import os

import pytest

from components.blessed_models.champion import Champion, find_champion
from components.blessed_models.registry import BlessedModel, BlessingRegistry, now
from data_prep.errors import InputError

SPANS = ({"name": "1", "manifest_sha256": "a"}, {"name": "2", "manifest_sha256": "b"})


def blessing(number, **fields):
    known = {"uri": f"/models/{number}", "sha256": f"model {number}", "manifest_sha256": "data"}
    return BlessedModel(**{"time": now(), "id": number, **known, **fields})


@pytest.fixture
def registry(tmp_path):
    return BlessingRegistry(str(tmp_path / "blessed"))


def test_a_blessing_reads_back_as_it_was_written(registry):
    assert registry.all() == [] and registry.latest() is None and registry.champion() is None
    one = blessing(
        1, champion=True, spans=SPANS, reference_span=SPANS[0], compared_with={"baseline": "/m/0"}
    )
    registry.add(one)
    assert registry.all() == [one] and registry.champion() == one
    (name,) = os.listdir(registry.directory)
    assert name == f"{one.time}.json"
    with open(os.path.join(registry.directory, name)) as file:
        assert json.load(file)["uri"] == "/models/1"


def test_the_last_blessing_is_not_entered_twice(registry):
    first, second = blessing(1), blessing(2)
    registry.add(first)
    registry.add(dataclasses.replace(first, time=now()))
    registry.add(second)
    assert registry.all() == [first, second] and registry.latest() == second
    registry.add(dataclasses.replace(first, time=now()))  # it is served again
    assert [each.id for each in registry.all()] == [1, 2, 1]
    registry.add(dataclasses.replace(first, time=now(), manifest_sha256="other data"))
    assert [each.id for each in registry.all()] == [1, 2, 1, 1]


def test_what_is_unfinished_is_not_read(registry, monkeypatch):
    registry.add(blessing(1))
    monkeypatch.setattr(
        "components.blessed_models.registry.fileio.rename", lambda *args, **options: None
    )
    registry.add(blessing(2))  # as if the process had died before its end
    assert [each.id for each in registry.all()] == [1]
    assert len(os.listdir(registry.directory)) == 2


def test_a_push_is_entered_into_the_models_last_blessing(registry):
    registry.add(blessing(1))
    registry.add(blessing(2))
    registry.note_push("/models/2", "1795633555")
    registry.note_push("/models/3", "1795633556")
    assert [each.pushed for each in registry.all()] == ["", "1795633555"]


def test_a_later_format_is_read_as_far_as_it_is_known(registry):
    registry.add(blessing(1))
    path = os.path.join(registry.directory, os.listdir(registry.directory)[0])
    with open(path) as file:
        plain = json.load(file)
    with open(path, "w") as file:
        json.dump(plain | {"format": 2, "colour": "red"}, file)
    assert registry.latest().uri == "/models/1"


def test_the_champion_is_the_last_that_became_it(registry):
    assert find_champion(registry, "") is None
    registry.add(blessing(1, champion=True, reference_span=SPANS[0]))
    registry.add(blessing(2, reference_span=SPANS[1]))
    assert find_champion(registry, "") == Champion("/models/1", False, SPANS[1])
    registry.add(blessing(3, champion=True, reference_span=SPANS[1]))
    assert find_champion(registry, "").uri == "/models/3"


def test_a_champion_is_pinned_as_model_as_pushed_version_and_as_record(registry, tmp_path):
    model = tmp_path / "Trainer" / "model" / "7"
    (model / "Format-TFMA").mkdir(parents=True)
    (model / "learned.json").write_text(json.dumps({"spans": SPANS}))
    pushed = tmp_path / "serving" / "1795633555"
    pushed.mkdir(parents=True)
    registry.add(blessing(7, uri=str(model), pushed="1795633555"))
    registry.add(blessing(8, champion=True))
    (record,) = (
        os.path.join(registry.directory, f"{each.time}.json")
        for each in registry.all()
        if each.id == 7
    )
    for pinned in (str(model), f"{model}/", str(pushed), record):
        assert find_champion(registry, pinned) == Champion(str(model), True, SPANS[1]), pinned


@pytest.mark.parametrize("what", ["missing", "folder", "file"])
def test_what_is_no_model_is_refused(registry, tmp_path, what):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("{}")
    pinned = str(tmp_path / what)
    with pytest.raises(
        InputError, match=r"evaluation\.champion: got .*, allowed: nothing \(the best"
    ):
        find_champion(registry, pinned)
