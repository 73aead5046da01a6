"""The way in which this process runs a preparation, which must not enter a node's cache key.

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
    """An execution by this process.

    workers: local processes.
    on_progress: a callback, see `data_prep.job.prepare.prepare`.
    """

    workers: int = 1
    on_progress: Callable[..., Any] | None = None


_CURRENT: contextvars.ContextVar[LocalExecution | None] = contextvars.ContextVar(
    "local_execution", default=None
)


@contextlib.contextmanager
def running_locally(execution: LocalExecution) -> Iterator[None]:
    """Runs preparations in this block by `execution` instead of by the node's Beam arguments."""
    token = _CURRENT.set(execution)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current() -> LocalExecution | None:
    """Returns the execution of the enclosing `running_locally`; None outside of one."""
    return _CURRENT.get()
