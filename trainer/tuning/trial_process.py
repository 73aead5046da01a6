"""Processes of one's own for what may take too much memory, diverge or never end."""

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

from trainer.tuning.trial_store import FAILED, RESULT, read_json, write_json

ROOT = Path(__file__).resolve().parents[2]  # of the packages
LOG = "log.txt"
TRIAL = ("-m", "trainer.tuning.trial")


def run_trial(
    directory: str, arrays: str, *, minutes: float, command: Sequence[str] = TRIAL
) -> dict[str, Any]:
    """Runs a trial whose request.json is written, unless its result is there already.

    Args:
      directory: of the trial.
      arrays: what `trainer.tuning.trial_data` wrote.
      minutes: after that it has failed; 0: no limit.
      command: the arguments of Python before those two directories.

    Returns:
      What stands in result.json, which says so where the process was killed.
    """
    path = os.path.join(directory, RESULT)
    result = read_json(path)
    if result is not None:
        return result
    with _log(directory) as log, spawn_python([*command, directory, arrays], output=log) as process:
        try:
            code = process.wait(minutes * 60 or None)
            how = _how_it_ended(code, log)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            how = f"took longer than tuner.trial_minutes: {minutes:g}"
    result = read_json(path)
    if result is None:
        result = {"state": FAILED, "message": how}
        write_json(path, result)
    return result


@contextlib.contextmanager
def spawn_python(
    arguments: Sequence[str], *, output: IO[bytes], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen]:
    """A Python process that sees the same packages and is gone afterwards, whatever happens.

    Its standard input ends with this process. It has a session of its own: an interrupt from the
    terminal reaches this process, which then ends it.
    """
    above = os.environ.get("PYTHONPATH")
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *([above] if above else [])]),
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
    """In a process started by `python`: without its parent it would compute for nobody."""

    def wait() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(0, 1):
                pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def last_line(log: IO[bytes]) -> str:
    """What a process said last."""
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no message"


@contextlib.contextmanager
def _log(directory: str) -> Iterator[IO[bytes]]:
    """The trial's own log; on an object store there is none to append to."""
    if "://" in directory:
        with tempfile.TemporaryFile() as file:
            yield file
        return
    with open(os.path.join(directory, LOG), "w+b") as file:
        yield file


def _how_it_ended(code: int, log: IO[bytes]) -> str:
    if code == -signal.SIGKILL:
        return "killed (signal 9), as the system does where memory runs out"
    if code < 0:
        return f"killed by signal {-code}"
    return f"ended with status {code}: {last_line(log)}"
