"""Functions and classes that are imported when they are first needed.

A registry whose entries are `Imported` is read in milliseconds: loading a config imports neither
Keras nor TensorFlow.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Imported:
    """A function or class, named by its place.

    place: "package.module:name".
    arguments: positional ones that come before those of a call.
    """

    place: str
    arguments: tuple[Any, ...] = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return load(self)(*self.arguments, *arguments, **keywords)


def load(entry: Imported | Callable[..., Any]) -> Any:
    """Returns the function or class behind an entry of a registry.

    An entry that is a function or class itself is returned as it is. `arguments` are not bound.
    """
    if not isinstance(entry, Imported):
        return entry
    module, _, name = entry.place.partition(":")
    return getattr(importlib.import_module(module), name)
