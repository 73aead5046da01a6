"""The house style of product code: docstrings are sentences, words are the field's."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(
    path
    for folder in ("data_prep", "trainer", "components", "pipeline", "kubeflow")
    for path in (ROOT / folder).rglob("*.py")
)
# A docstring begins with a verb or a noun, not in the middle of a sentence.
FRAGMENT = re.compile(
    r"(What|How|Which|Whether|Where|Of|Those|Whose|None|From|With|By|As|To|If|Only|Also)\b"
)
DIALECT = re.compile(r"\b(flock|told|players|joints|studio)\b", re.IGNORECASE)


def fragments(source: str) -> list[str]:
    """Returns the first lines of docstrings that do not begin a sentence."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, documented)]
    docs = [doc for node in nodes if (doc := ast.get_docstring(node))]
    return [doc.splitlines()[0] for doc in docs if FRAGMENT.match(doc)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_product_code_speaks_plain_english(path):
    source = path.read_text(encoding="utf-8")
    assert fragments(source) == []
    assert DIALECT.findall(source) == []


def test_a_fragment_and_a_word_of_dialect_are_found():
    source = '"""Splits of a plan."""\n\ndef f():\n    """Those that have a share."""\n'
    assert fragments(source) == ["Those that have a share."]
    assert DIALECT.findall("the flock is Told, not toldness") == ["flock", "Told"]
