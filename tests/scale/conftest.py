"""A Flink of two task slots, a pool of Beam workers, and the command as a process."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
JOB_SERVER = ROOT / "build" / "flink" / "job-server.jar"
START_SECONDS = 90

# What Flink's own start script would work out from the machine's size.
FLINK_CONFIG = """
jobmanager.rpc.address: localhost
jobmanager.rpc.port: {rpc}
jobmanager.memory.process.size: 1024m
rest.address: localhost
rest.bind-address: localhost
rest.port: {rest}
rest.bind-port: {rest}
blob.server.port: 0
taskmanager.host: localhost
taskmanager.numberOfTaskSlots: 2
taskmanager.cpu.cores: 2
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.framework.off-heap.size: 128m
taskmanager.memory.task.heap.size: 256m
taskmanager.memory.task.off-heap.size: 64m
taskmanager.memory.managed.size: 128m
taskmanager.memory.network.min: 128m
taskmanager.memory.network.max: 128m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 128m
taskmanager.memory.jvm-overhead.max: 128m
classloader.resolve-order: parent-first
io.tmp.dirs: {folder}
"""
OPENED = ("lang", "util", "util.concurrent", "util.concurrent.atomic", "lang.reflect", "net",
          "nio", "io", "time", "text")  # fmt: skip
MASTER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
WORKER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"


def environment() -> dict[str, str]:
    """Returns variables that name this checkout and this interpreter wherever a process starts."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}


class Flink(NamedTuple):
    address: str

    def ask(self, path: str) -> dict:
        with urllib.request.urlopen(f"http://{self.address}/{path}", timeout=10) as answer:
            return json.load(answer)

    def last_job(self) -> dict:
        """The job that ended last: its state and its vertices."""
        jobs = self.ask("jobs/overview")["jobs"]
        return self.ask(f"jobs/{max(jobs, key=lambda job: job['end-time'])['jid']}")

    @property
    def options(self) -> list[str]:
        return [
            "--runner=FlinkRunner", f"--flink_master={self.address}", "--parallelism=2",
            f"--flink_job_server_jar={JOB_SERVER}",
        ]  # fmt: skip


class WorkerPool(NamedTuple):
    address: str
    log: Path


@pytest.fixture(scope="session")
def latentforge() -> Callable[..., None]:
    """Runs the command, somewhere else than in the checkout; fails unless it exits with 0."""

    def run(*args: str | Path, cwd: Path) -> None:
        code = "from pipeline.cli.main import main; main(prog_name='latentforge')"
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, args)],
            cwd=cwd, env=environment(), capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.fixture(scope="module")
def flink(tmp_path_factory) -> Iterator[Flink]:
    """A standalone cluster: one job manager, one task manager with two slots."""
    if shutil.which("java") is None:
        pytest.skip("no Java on this machine")
    if not JOB_SERVER.exists():
        pytest.skip("no Flink here; `make test-flink` fetches one")
    folder = tmp_path_factory.mktemp("flink")
    rpc, rest = free_ports(2)
    config = FLINK_CONFIG.format(rpc=rpc, rest=rest, folder=folder)
    (folder / "config.yaml").write_text(config)
    cluster = Flink(f"localhost:{rest}")
    java = ["java", *(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in OPENED)]
    where = ["-cp", str(JOB_SERVER)]
    master = [*java, "-Xmx384m", *where, MASTER, "--configDir", str(folder)]
    worker = [*java, "-Xmx448m", *where, WORKER, "--configDir", str(folder)]
    with process(master, folder / "master.log"), process(worker, folder / "worker.log"):
        wait(lambda: cluster.ask("overview")["slots-total"] == 2, folder)
        yield cluster


@pytest.fixture
def worker_pool(tmp_path_factory) -> Iterator[WorkerPool]:
    """Beam's pool of Python workers, as it runs beside a task manager in a cluster."""
    (port,) = free_ports(1)
    log = tmp_path_factory.mktemp("pool") / "pool.log"
    module = "apache_beam.runners.worker.worker_pool_main"
    with process([sys.executable, "-m", module, f"--service_port={port}"], log):
        wait(lambda: socket.create_connection(("localhost", port), 1).close() is None, log.parent)
        yield WorkerPool(f"localhost:{port}", log)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def process(command: list[str], log: Path) -> Iterator[None]:
    """A process with its children, started in the log's folder and ended with the block."""
    with log.open("wb") as stream:
        started = subprocess.Popen(
            command, cwd=log.parent, env=environment(), stdout=stream, stderr=stream,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGTERM)
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def wait(ready: Callable[[], bool], logs: Path) -> None:
    """Until `ready` is true; what raises OSError is not ready yet."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if ready():
                return
        time.sleep(0.3)
    tails = [f"{log.name}: {log.read_text()[-2000:]}" for log in sorted(logs.glob("*.log"))]
    pytest.fail("it did not start:\n" + "\n".join(tails))
