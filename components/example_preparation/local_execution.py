"""How this process runs a preparation: what must not enter a node's cache key.

The number of worker processes changes no byte of the result, so it travels beside the
pipeline, as does the callback that shows progress.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class LocalExecution:
    """An execution in this process, on `workers` local processes.

    on_progress: as `data_prep.job.prepare.prepare` takes it.
    """

    workers: int = 1
    on_progress: Callable[..., Any] | None = None


_CURRENT: contextvars.ContextVar[LocalExecution | None] = contextvars.ContextVar(
    "local_execution", default=None
)


@contextlib.contextmanager
def running_locally(execution: LocalExecution) -> Iterator[None]:
    """Preparations in this block run as `execution` says instead of by the node's Beam args."""
    token = _CURRENT.set(execution)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current() -> LocalExecution | None:
    return _CURRENT.get()
