"""What fields of a config have to satisfy, said once. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from data_prep.settings import require


def one_of(config: Any, name: str, allowed: Iterable[str]) -> None:
    value = getattr(config, name)
    require(value in allowed, name, value, ", ".join(allowed))


def at_least(config: Any, lowest: float, *names: str) -> None:
    for name in names:
        value = getattr(config, name)
        require(
            math.isfinite(value) and value >= lowest, name, value, f"a number of at least {lowest}"
        )


def positive(config: Any, *names: str) -> None:
    for name in names:
        value = getattr(config, name)
        require(math.isfinite(value) and value > 0, name, value, "a number above 0")
