"""The code behind a node: hashes of it for the cache, and the dotted paths of user functions.

TFX's cache key holds the dotted path of a user function or executor, not its code. The
version of a module is the SHA-256 over it, every module of this project that it imports,
directly or not, and the templates beside those, so an edit in the losses trains again but
prepares nothing.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PACKAGES = ("data_prep", "trainer", "components", "pipeline")
_PLACE = re.compile(r"([\w.]+):\w+")  # see trainer.config.imported
ROOT = Path(__file__).resolve().parents[2]


def code_version(*modules: str, by_name: bool = False, root: Path = ROOT) -> str:
    """Returns the SHA-256 (hex) over the source of `modules` and all of the project they import.

    by_name: includes the modules that the registries among them name as "package.module:name", for
    a node that builds models and trains them.
    """
    digest = hashlib.sha256()
    for name, path in sorted(_closure(modules, root, by_name).items()):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _closure(modules: tuple[str, ...], root: Path, by_name: bool = False) -> dict[str, Path]:
    """Returns the files of `modules` and of all that they import, by dotted name."""
    files: dict[str, Path] = {}
    waiting = list(modules)
    for name in modules:
        if _source(name, root) is None:
            raise ModuleNotFoundError(f"no module {name} under {root}")
    while waiting:
        name = waiting.pop()
        path = _source(name, root)
        if name in files or path is None:
            continue
        files[name] = path
        files.update(_templates(path.parent, root))
        waiting.extend(_imports(path, by_name))
    return files


def _source(module: str, root: Path) -> Path | None:
    base = root.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _templates(package: Path, root: Path) -> dict[str, Path]:
    """Returns the templates of a package, which decide what it renders as its modules do."""
    paths = (package / "templates").glob("*")
    return {str(path.relative_to(root)): path for path in paths if path.is_file()}


def _imports(path: Path, by_name: bool) -> Iterator[str]:
    """Yields dotted names that may be modules of the project; imports in functions count, too."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from a import b` may name a module b or a thing in a
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif by_name and isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [match[1]] if (match := _PLACE.fullmatch(node.value)) else []
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in PACKAGES)


def udf_path(function: Callable[..., Any]) -> str:
    """Returns the dotted path by which TFX finds a user function again."""
    return f"{function.__module__}.{function.__qualname__}"
