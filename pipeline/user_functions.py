"""How TFX is told of a user function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def udf_path(function: Callable[..., Any]) -> str:
    """The dotted path by which TFX finds a user function again."""
    return f"{function.__module__}.{function.__qualname__}"
