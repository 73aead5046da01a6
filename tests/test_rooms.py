"""The rooms of docs/architecture.md are those of the tree, and so are the arrows between them."""

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Rooms\n")[2].partition("\n## ")[0]


def imports():
    """Returns tests/test_imports.py as a module."""
    spec = importlib.util.spec_from_file_location("rules", ROOT / "tests" / "test_imports.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rooms():
    return {
        f"{layer}.{path.parent.name}"
        for layer in imports().LAYERS
        for path in (ROOT / layer).glob("*/__init__.py")
    }


def drawn():
    return set(re.findall(r"^ *([\w.]+) --> ([\w.]+)$", SECTION, flags=re.M))


def reachable(room, arrows):
    """Returns the rooms that a room leads to, in one arrow or several."""
    found, waiting = set(), [room]
    while waiting:
        one = waiting.pop()
        following = {b for a, b in arrows if a == one} - found
        found |= following
        waiting += following
    return found


def without_detours(arrows):
    """Returns the arrows that no way of several arrows stands for."""
    return {
        (a, b)
        for a, b in arrows
        if not any(
            b in reachable(other, arrows) for one, other in arrows if one == a and other != b
        )
    }


def test_every_room_is_described():
    described = set(re.findall(r"^\| `([\w.]+)` \| \S", SECTION, flags=re.M))
    assert described == rooms()


def test_the_diagram_draws_the_imports():
    rules = imports()
    arrows = set()
    for layer in rules.LAYERS:
        for importer, other in rules.arrows(rules.modules(layer)):
            one, two = (".".join(name.split(".")[:2]) for name in (importer, other))
            if one != two and {one, two} <= rooms():
                arrows.add((one, two))
    assert drawn() == without_detours(arrows)


def test_detours_are_left_out():
    arrows = {("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")}
    assert without_detours(arrows) == {("a", "b"), ("b", "c"), ("a", "d")}
