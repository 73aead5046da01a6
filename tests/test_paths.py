"""Every dotted path and file name that stands in a string or a document leads somewhere.

A move breaks them silently: TFX, a container or a reader looks them up much later.
"""

from __future__ import annotations

import ast
import functools
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("data_prep", "trainer", "components", "pipeline")
DOTTED = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.[A-Za-z_]\w*)+")
FILE = re.compile(
    rf"(?<![\w/.-])(?:{'|'.join((*PACKAGES, 'kubeflow', 'tests', 'docs', 'benchmarks'))})"
    r"/[\w/.-]*\w"
)
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "kubeflow/*.md", "kubeflow/Dockerfile", "Makefile")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md"  # speaks of the past
)


def sources() -> list[Path]:
    return sorted(path for name in (*PACKAGES, "kubeflow") for path in ROOT.glob(f"{name}/**/*.py"))


@functools.cache
def names(module: Path) -> frozenset[str]:
    """Names that a module defines or imports at its top, and the keys of its lazy exports."""
    tree = ast.parse(module.read_text())
    found = {alias.asname or alias.name for node in ast.walk(tree)
             if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names}  # fmt: skip
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            found.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
        value = getattr(node, "value", None)
        if isinstance(value, ast.Dict) and module.name == "__init__.py":
            found |= {key.value for key in value.keys if isinstance(key, ast.Constant)}
    return frozenset(found)


def resolves(dotted: str) -> bool:
    """Whether a dotted path is a package, a module, or a name (and members of it) in one."""
    place = ROOT
    for part, following in itertools.pairwise([*dotted.split("."), ""]):
        module = (place / part).with_suffix(".py")
        if module.is_file():
            return not following or following in names(module)
        place /= part
        if not place.is_dir():
            return False
        init = place / "__init__.py"
        if following and not any((place / f"{following}{end}").exists() for end in ("", ".py")):
            return following in names(init)
    return True


def strings(path: Path) -> Iterator[str]:
    """Whole strings that are dotted paths of the project, or package.module:name."""
    for node in ast.walk(ast.parse(path.read_text())):
        text = getattr(node, "value", None)
        if isinstance(node, ast.Constant) and isinstance(text, str):
            dotted = text.replace(":", ".", 1)
            yield from [dotted] if DOTTED.fullmatch(dotted) else []


def test_the_check_finds_what_it_is_for():
    assert resolves("components.DecoderTrainer") and resolves("trainer.run_fn.run_fn")
    assert resolves("pipeline.cluster.targets") and resolves("data_prep.config_base.parse")
    for wrong in ("trainer.run_fnn", "trainer.run_fn.run", "pipeline.nothing.at", "components.Tun"):
        assert not resolves(wrong), wrong
    found = {text for path in sources() for text in strings(path)}
    assert {"components.kubeflow_entrypoint", "components.latent_evaluator.executor"} <= found
    assert "trainer.models.vae.VAE" in found  # named with a colon


def test_every_dotted_path_in_a_string_resolves():
    paths = [(str(path), text) for path in sources() for text in strings(path)]
    assert not [(path, text) for path, text in paths if not resolves(text)]


@pytest.mark.parametrize("form", ["vertex", "kubeflow"])
def test_every_executor_of_a_compiled_pipeline_resolves(form):
    text = (ROOT / f"tests/pipeline/cluster/golden/{form}.json").read_text()
    arguments = json.loads(text.replace("CODE-VERSION", "0"))
    paths = {found for found in map(str, leaves(arguments)) if DOTTED.fullmatch(found)}
    assert {"components.latent_evaluator.executor.Executor", "trainer.run_fn.run_fn"} <= paths
    assert not [path for path in paths if not resolves(path)]


def leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def test_the_console_command_resolves():
    (command,) = re.findall(r'"latentforge=([\w.]+):(\w+)"', (ROOT / "setup.py").read_text())
    assert resolves(".".join(command))


def test_the_user_functions_resolve():
    from pipeline.dag.code_version import udf_path
    from trainer.preprocessing import preprocessing_fn
    from trainer.run_fn import run_fn

    assert udf_path(run_fn) == "trainer.run_fn.run_fn" and resolves(udf_path(run_fn))
    assert resolves(udf_path(preprocessing_fn))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_in_documents_resolve(path):
    text = path.read_text()
    dotted = {match.rstrip(".") for match in re.findall(rf"`({DOTTED.pattern})[`(]", text)}
    dotted |= {module for module in re.findall(r"-m ([\w.]+)", text) if DOTTED.fullmatch(module)}
    dotted -= {"pipeline.json", "pipeline.yaml"}  # files that a command writes
    assert not [name for name in dotted if not resolves(name)]
    files = {name for name in FILE.findall(text) if re.search(r"\.[a-z]+$", name)}
    absent = {name for name in files if not (ROOT / name).exists()}
    assert not absent
    scripts = set(re.findall(r"python (kubeflow/\w+\.py)", text))
    assert all((ROOT / script).is_file() for script in scripts)
