"""The import rules: downwards only between the layers, no circle in any folder."""

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("data_prep", "trainer", "components", "pipeline")  # lowest first
HEAVY = {"tensorflow", "tfx", "keras", "keras_tuner", "tensorflow_transform"}


def modules(*layers: str) -> dict[str, Path]:
    """Returns the modules of these layers by dotted name; a package by the name of its folder."""
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for layer in layers
        for path in sorted((ROOT / layer).rglob("*.py"))
    }
    assert found
    return found


def imported(tree: ast.AST) -> set[str]:
    """Returns the dotted names that a module imports, inside functions too.

    `from a import b` gives `a` and `a.b`: only the modules there are tell which of them it is.
    """
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the layer"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def top_level(tree: ast.AST) -> set[str]:
    return {name.split(".")[0] for name in imported(tree)}


def arrows(paths: dict[str, Path]) -> Iterator[tuple[str, str]]:
    """Yields (importer, imported) pairs among these modules, the longest name that is one."""
    for name, path in paths.items():
        known = imported(ast.parse(path.read_text())) & paths.keys()
        for other in known - {name}:
            if not any(longer.startswith(other + ".") for longer in known):
                yield name, other


def circles(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Returns a circle of each folder that has one.

    In a folder every file and every sub-folder is a node; an import between two modules is an
    arrow between the nodes that hold them in the innermost folder that holds both.
    """
    graphs: dict[str, dict[str, set[str]]] = {}
    for importer, other in pairs:
        one, two = importer.split("."), other.split(".")
        depth = next(
            (i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b),
            min(len(one), len(two)),
        )
        if depth == min(len(one), len(two)):  # a package and a module inside it
            continue
        graph = graphs.setdefault(".".join(one[:depth]), {})
        graph.setdefault(one[depth], set()).add(two[depth])
    found = {}
    for folder, graph in graphs.items():
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            found[folder] = error.args[1]
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_import_downwards_only(layer):
    above = set(LAYERS[LAYERS.index(layer) + 1 :])
    for name, path in modules(layer).items():
        up = top_level(ast.parse(path.read_text())) & above
        assert not up, f"{name} imports {up}"


def test_no_folder_has_a_circle():
    assert circles(arrows(modules(*LAYERS))) == {}


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("a.x", "a.y"), ("a.y", "a.z")], set()),
        ([("a.x", "a.y"), ("a.y", "a.x")], {"a"}),
        ([("a.b.x", "a.c.y"), ("a.c.z", "a.b.w")], {"a"}),  # two folders, four files
        ([("a.x", "a.b.y"), ("a.b.z", "a.w")], set()),
        ([("a.x", "a.b.y"), ("a.b.z", "a.x")], {"a"}),  # a file and the folder beside it
        ([("a.x", "b.y"), ("b.z", "a.w")], {""}),  # two packages
        ([("a.b.c.x", "a.b.d.y"), ("a.b.d.y", "a.b.c.z")], {"a.b"}),
    ],
)
def test_a_circle_is_found_at_any_level(pairs, expected):
    assert circles(pairs).keys() == expected


def test_data_prep_is_free_of_tensorflow():
    for name, path in modules("data_prep").items():
        assert not top_level(ast.parse(path.read_text())) & HEAVY, name


def test_an_import_inside_a_function_counts():
    tree = ast.parse("def f():\n    from pipeline.config import x\n")
    assert imported(tree) == {"pipeline.config", "pipeline.config.x"}


@pytest.mark.parametrize(
    "statement",
    [
        "import data_prep, trainer, components, pipeline, pipeline.cli.main",
        "import data_prep.job.prepare",
    ],
)
def test_imports_start_no_tensorflow(statement):
    code = f"import sys; {statement}; print(sorted({HEAVY!r} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_kubeflow_is_no_package():
    assert not (ROOT / "kubeflow" / "__init__.py").exists()


def test_setup_lists_every_package():
    listed = (ROOT / "setup.py").read_text()
    for layer in LAYERS:
        for init in (ROOT / layer).rglob("__init__.py"):
            name = ".".join(init.parent.relative_to(ROOT).parts)
            assert f'"{name}"' in listed, f"setup.py does not list {name}"
