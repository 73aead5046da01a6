"""The names of a prepared data set stand in one module."""

import re
from pathlib import Path

from data_prep import layout

ROOT = Path(__file__).resolve().parents[2]
NAMES = re.compile(r"Split-\{|Split-\*/\*|examples-\{|rejects-\{|\"manifest\.json\"|\"\.staging\"")


def test_a_shard_has_a_path_that_tells_its_split():
    path = layout.shard_path("eval", 3, 12)
    assert path == "Split-eval/examples-00003-of-00012.gz"
    assert layout.split_of(path) == "eval"
    assert Path(path).match(layout.shard_glob("eval"))
    assert Path(path).match(layout.ANY_SHARD)
    assert not Path(path).match(layout.shard_glob("train"))


def test_each_span_of_a_window_has_a_rejects_file():
    assert layout.rejects_file() == "rejects-00000-of-00001.jsonl"
    assert layout.rejects_file(1, 2) == "rejects-00001-of-00002.jsonl"


def test_no_other_module_writes_the_names():
    for layer in ("data_prep", "trainer", "components", "pipeline"):
        for path in (ROOT / layer).rglob("*.py"):
            if path != Path(layout.__file__):
                assert not NAMES.search(path.read_text()), path


def test_the_pattern_would_find_a_name():
    assert NAMES.search(Path(layout.__file__).read_text())
