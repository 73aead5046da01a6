"""The log file of a command, which keeps the libraries' noise off the terminal.

TensorFlow logs from C++ and worker processes inherit their streams, so the file
descriptors themselves are redirected, not just Python's objects.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from data_prep.errors import InputError

OURS = ("latentforge", "data_prep", "trainer", "components", "pipeline")
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextlib.contextmanager
def output_to_log(path: Path) -> Iterator[TextIO]:
    """Sends standard output and error to the end of `path`; yields the terminal's output."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(1), os.dup(2)]
    terminal = os.fdopen(os.dup(saved[0]), "w", encoding="utf-8", errors="replace", buffering=1)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        yield terminal
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, original in enumerate(saved, start=1):
            os.dup2(original, number)
            os.close(original)
        os.close(log)
        terminal.close()


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Sends what the libraries print to a log, which stays only if the program fails."""
    descriptor, name = tempfile.mkstemp(prefix="latentforge-", suffix=".log")
    os.close(descriptor)
    try:
        with output_to_log(Path(name)):
            yield
    except InputError:
        os.unlink(name)
        raise
    except Exception:
        sys.stderr.write(f"the libraries' own messages: {name}\n")
        raise
    os.unlink(name)


class _Forward(logging.Handler):
    def __init__(self, receive: Callable[[logging.LogRecord], None], level: int) -> None:
        super().__init__(level)
        self._receive = receive

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._receive(record)
        except Exception:
            self.handleError(record)


@contextlib.contextmanager
def logging_to(
    path: Path,
    on_warning: Callable[[logging.LogRecord], None],
    on_progress: Callable[[logging.LogRecord], None],
) -> Iterator[None]:
    """Sends Python's logging to `path`, warnings of this project and progress to callbacks, too.

    Enter it after the libraries have been imported: absl installs a handler of its own.
    """
    from trainer.training.progress import LOGGER as progress

    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    file = logging.FileHandler(path, encoding="utf-8")
    file.setFormatter(logging.Formatter(_FORMAT))
    file.setLevel(logging.INFO)
    root.handlers[:] = [file]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    progress.setLevel(logging.DEBUG)
    forwards = [(name, _Forward(on_warning, logging.WARNING)) for name in OURS]
    forwards.append((progress.name, _Forward(on_progress, logging.DEBUG)))
    for name, handler in forwards:
        logging.getLogger(name).addHandler(handler)
    try:
        yield
    finally:
        for name, handler in forwards:
            logging.getLogger(name).removeHandler(handler)
        progress.setLevel(logging.NOTSET)
        logging.captureWarnings(False)
        root.handlers[:] = before
        root.setLevel(level)
        file.close()
