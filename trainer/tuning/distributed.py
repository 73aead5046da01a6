"""Several trials at a time on one machine: keras-tuner's chief and its workers as processes."""

from __future__ import annotations

import contextlib
import math
import os
import socket
import tempfile
import time
from typing import IO

from trainer.tuning.trial_process import last_line, spawn_python

ADDRESS = "127.0.0.1"
ENDING_SECONDS = 60


def run_distributed(search_spec: str, workers: int) -> None:
    """Starts a chief, which owns the oracle, and workers, and waits until the workers have ended.

    `search_spec` is the JSON of a `trainer.tuning.config.SearchSpec`.

    Raises:
      RuntimeError: where a process ends before the search does. Finished trials stay finished.
    """
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="latentforge-tuner-"))
        path = os.path.join(folder, "search_spec.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(search_spec)
        port = str(_free_port())
        names = ["chief", *(f"worker-{number}" for number in range(1, workers + 1))]
        logs: dict[str, IO[bytes]] = {
            name: stack.enter_context(open(os.path.join(folder, f"{name}.log"), "w+b"))
            for name in names
        }
        processes = {}
        for name in names:
            # The same variables give the processes of a pool of machines their roles.
            role = {
                "KERASTUNER_TUNER_ID": name,
                "KERASTUNER_ORACLE_IP": ADDRESS,
                "KERASTUNER_ORACLE_PORT": port,
                "no_grpc_proxy": ADDRESS,
            }
            command = ["-m", "trainer.tuning.worker", path]
            process = spawn_python(command, output=logs[name], environment=role)
            processes[name] = stack.enter_context(process)
        running, deadline = set(names), math.inf
        while running - {"chief"}:
            time.sleep(0.2)
            for name in sorted(running):
                code = processes[name].poll()
                if code:
                    raise RuntimeError(
                        f"the tuner's {name} ended with status {code}: {last_line(logs[name])}"
                    )
                if code == 0:
                    running.remove(name)
                    if name == "chief":  # all trials are over; workers may still be ending
                        deadline = time.monotonic() + ENDING_SECONDS
            if running and time.monotonic() > deadline:
                raise RuntimeError(f"the tuner's chief ended before {', '.join(sorted(running))}")
        # The chief would only look every 20 seconds whether all are gone; its state is saved.


def _free_port() -> int:
    with socket.socket() as server:
        server.bind((ADDRESS, 0))
        return server.getsockname()[1]
