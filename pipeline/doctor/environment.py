"""Checks of the machine: Python, packages, devices, disk, Java, credentials."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

GOOD, NOTE, BAD = "ok", "note", "bad"
LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_NAMED = 5  # packages at most in a line
# Minutes of work and what a run leaves behind: the packages alone take 3 GB.
NEEDED_GIB, TIGHT_GIB = 1, 5
JAVA = (11, 17)  # Flink's


class Finding(NamedTuple):
    """The answer of a check."""

    state: str  # `ok`; `note`, something that only some uses need; `bad`, which will fail
    what: str
    remedy: str = ""  # what to do, if anything


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    words = f"Python {'.'.join(map(str, version))}"
    if version[:2] == (3, 11):
        return Finding(GOOD, words)
    return Finding(BAD, f"{words}, wanted: 3.11", "make clean; make install PYTHON=python3.11")


def packages(lock: Path = LOCK, installed: Mapping[str, str] | None = None) -> Finding:
    """Compares installed versions with the lock.

    installed: version by name; None: of this Python.
    """
    if not lock.is_file():
        return Finding(NOTE, "no requirements.lock beside the code to compare with",
                       "run from a checkout of the repository")  # fmt: skip
    pins = {_normal(n): v for n, v in _PIN.findall(lock.read_text(encoding="utf-8"))}
    versions = _installed() if installed is None else installed
    missing = sorted(pins.keys() - versions.keys())
    other = sorted(
        f"{name} {versions[name]} (locked {pin})"
        for name, pin in pins.items()
        if versions.get(name, pin) != pin
    )
    if not missing and not other:
        return Finding(GOOD, f"{len(pins)} packages as locked")
    words = [f"{len(missing)} missing: {_few(missing)}"] if missing else []
    words += [f"{len(other)} of another version: {_few(other)}"] if other else []
    return Finding(BAD, f"packages: {'; '.join(words)}", "make install (rm .venv/.installed first)")


def devices() -> Finding:
    """Counts CPUs, and the GPUs that TensorFlow sees."""
    cpus = len(os.sched_getaffinity(0))
    try:
        import tensorflow as tf
    except ImportError as error:
        return Finding(BAD, f"TensorFlow does not load: {error}", "make install")
    gpus = tf.config.list_physical_devices("GPU")
    words = f"{cpus} CPU cores, {len(gpus)} GPUs"
    if gpus or shutil.which("nvidia-smi") is None:
        return Finding(GOOD, words)
    return Finding(
        NOTE,
        f"{words}, though the machine has an NVIDIA driver",
        "pip install --no-deps -r kubeflow/requirements-gpu.lock gives TensorFlow its CUDA",
    )


def disk(directory: Path) -> Finding:
    """Checks room and rights where runs are written."""
    place = directory.absolute()
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK):
        return Finding(BAD, f"{place} cannot be written", "another --root, or its owner's rights")
    free = shutil.disk_usage(place).free / 2**30
    words = f"{free:.1f} GiB free at {place}"
    if free >= TIGHT_GIB:
        return Finding(GOOD, words)
    state = NOTE if free >= NEEDED_GIB else BAD
    return Finding(state, words, "delete old roots under runs/, or another --root")


def java(command: str | None = None) -> Finding:
    """Checks the version of Java, which only the preparation on Flink needs."""
    program = command or shutil.which("java")
    remedy = "only for `make test-flink` and Beam on Flink: install Java 11 or 17"
    if program is None:
        return Finding(NOTE, "no Java", remedy)
    done = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=30)
    match = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    if match is None:
        return Finding(NOTE, f"{program} does not say its version", remedy)
    known = int(match[1]) in JAVA
    return Finding(GOOD if known else NOTE, f"Java {match[1]}", "" if known else remedy)


def credentials(environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Checks that credentials exist. They are never read, and never printed."""
    home = Path(environment.get("HOME", "~")).expanduser()
    named = environment.get("GOOGLE_APPLICATION_CREDENTIALS")
    default = home / ".config" / "gcloud" / "application_default_credentials.json"
    if named and not Path(named).is_file():
        yield Finding(BAD, "Google Cloud: GOOGLE_APPLICATION_CREDENTIALS names no file",
                      "unset it, or name the key's file")  # fmt: skip
    elif named or default.is_file():
        yield Finding(GOOD, "Google Cloud: credentials present")
    else:
        yield Finding(NOTE, "Google Cloud: no credentials",
                      "only for gs://, Dataflow and Vertex AI: "
                      "gcloud auth application-default login")  # fmt: skip
    if "AWS_ACCESS_KEY_ID" in environment or (home / ".aws" / "credentials").is_file():
        yield Finding(GOOD, "S3: credentials present")
    if environment.get("KF_PIPELINES_TOKEN"):
        yield Finding(GOOD, "Kubeflow Pipelines: a token is set")
    else:
        yield Finding(NOTE, "Kubeflow Pipelines: no token",
                      "only where the installation wants one: KF_PIPELINES_TOKEN")  # fmt: skip


def _installed() -> dict[str, str]:
    """Returns versions by name, without those that setuptools puts on the path for itself."""
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return {
        _normal(package.metadata["Name"]): package.version
        for package in importlib.metadata.distributions(path=sorted(places))
        if package.metadata["Name"]
    }


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _few(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
