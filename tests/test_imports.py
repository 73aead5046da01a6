"""The import rule: pipeline -> components -> trainer -> data_prep, downwards only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("data_prep", "trainer", "components", "pipeline")  # lowest first
HEAVY = {"tensorflow", "tfx", "keras", "keras_tuner", "tensorflow_transform"}


def imported(tree: ast.AST) -> set[str]:
    """Top-level names of every import in a module, those inside functions included."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the layer"
            names.add((node.module or "").split(".")[0])
    return names


def modules(layer: str) -> list[Path]:
    found = sorted((ROOT / layer).rglob("*.py"))
    assert found
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_import_downwards_only(layer):
    above = set(LAYERS[LAYERS.index(layer) + 1 :])
    for path in modules(layer):
        up = imported(ast.parse(path.read_text())) & above
        assert not up, f"{path.relative_to(ROOT)} imports {up}"


def test_data_prep_is_free_of_tensorflow():
    for path in modules("data_prep"):
        assert not imported(ast.parse(path.read_text())) & HEAVY, path


def test_the_rule_would_catch_an_upward_import():
    assert "pipeline" in imported(
        ast.parse("def f():\n    from pipeline.config.pipeline import x\n")
    )


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
