"""Child processes for trainings that may take too much memory, diverge or never end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from trainer.training.json_files import read_json, write_json
from trainer.tuning.trial_store import FAILED, RESULT

ROOT = Path(__file__).resolve().parents[2]  # of the packages
LOG = "log.txt"
TRIAL = ("-m", "trainer.tuning.trial")


def run_trial(
    directory: str, arrays: str, *, minutes: float, command: Sequence[str] = TRIAL
) -> dict[str, Any]:
    """Runs a trial whose request.json is written, unless its result is there already.

    After `minutes` it has failed; 0: no limit. `command` are the arguments of Python before the
    directory of the trial and that of the arrays.

    Returns:
      The content of result.json, whose message says so where the process was killed.
    """
    path = os.path.join(directory, RESULT)
    result = read_json(path)
    if result is not None:
        return result
    with _log(directory) as log, spawn_python([*command, directory, arrays], output=log) as process:
        try:
            code = process.wait(minutes * 60 or None)
            message = _describe_end(code, log)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            message = f"took longer than tuner.trial_minutes: {minutes:g}"
    result = read_json(path)
    if result is None:
        result = {"state": FAILED, "message": message}
        write_json(path, result, sort_keys=True)
    return result


@contextlib.contextmanager
def spawn_python(
    arguments: Sequence[str], *, output: IO[bytes], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen]:
    """Starts a Python process with the same packages; it is killed at the end, whatever happens.

    Its standard input ends with this process. It has a session of its own: an interrupt from the
    terminal reaches this process, which then ends it.
    """
    inherited = os.environ.get("PYTHONPATH")
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *([inherited] if inherited else [])]),
            "TF_CPP_MIN_LOG_LEVEL": "1",
            # Several processes may share a GPU: none may take all of its memory at once.
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
            **(environment or {}),
        },
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdin:
            process.stdin.close()


def end_with_parent() -> None:
    """Ends this process, started by `spawn_python`, as soon as its parent has ended."""

    def wait() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(0, 1):
                pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def last_line(log: IO[bytes]) -> str:
    """Returns the last line of a log."""
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no message"


def _log(directory: str) -> IO[bytes]:
    """Opens the trial's log; on an object store, which cannot append, a temporary file."""
    if "://" in directory:
        return tempfile.TemporaryFile()
    return open(os.path.join(directory, LOG), "w+b")


def _describe_end(code: int, log: IO[bytes]) -> str:
    if code == -signal.SIGKILL:
        return "killed (signal 9), as the system does where memory runs out"
    if code < 0:
        return f"killed by signal {-code}"
    return f"ended with status {code}: {last_line(log)}"
