"""Every module that is started by its name with `python -m` is there and can be started."""

import ast
import importlib.util
import itertools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def started():
    """Names after "-m" in lists and tuples of arguments, and in the documents' commands."""
    names = set()
    for path in (ROOT / "trainer").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.List, ast.Tuple)):
                words = [getattr(word, "value", None) for word in node.elts]
                names |= {name for flag, name in itertools.pairwise(words) if flag == "-m" and name}
        names |= set(re.findall(r"python -m (trainer[.\w]+)", path.read_text()))
    return sorted(names)


def test_searches_start_trials_and_workers():
    assert {"trainer.tuning.trial", "trainer.tuning.worker"} <= set(started())


@pytest.mark.parametrize("name", started())
def test_a_module_that_is_started_has_a_main_block(name):
    spec = importlib.util.find_spec(name)
    assert spec is not None, name
    tree = ast.parse(Path(spec.origin).read_text())
    tests = [ast.unparse(node.test) for node in tree.body if isinstance(node, ast.If)]
    assert "__name__ == '__main__'" in tests
