"""The image: built on the lock, pinned, without root and without secrets."""

import importlib.metadata
import re
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "kubeflow" / "Dockerfile").read_text()
PIN = re.compile(r"^([a-z0-9-]+)==(\S+) \\\n    --hash=sha256:[0-9a-f]{64}$", re.MULTILINE)


def test_everything_is_pinned():
    bases = re.findall(r"^ARG (?:BASE|BEAM)=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2 and all(re.search(r":[0-9]+\.[0-9]+\.[0-9]+", base) for base in bases)
    installs = re.findall(r"pip install (.*)", DOCKERFILE.replace("\\\n", " "))
    assert len(installs) == 3
    for install in installs:
        assert "--no-deps" in install
        assert "--require-hashes" in install or install.rstrip().endswith("/build/project")
    beam = importlib.metadata.version("apache-beam")
    assert f"sdk:{beam}\n" in DOCKERFILE


def test_it_does_not_run_as_root_and_copies_only_what_it_names():
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE) == ["10001"]
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    for source in sources:
        assert source not in (".", "./") and (ROOT / source).exists(), source
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"  # nothing but what is named is even sent
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    sent = {source for source in sources if not any(source.startswith(a) for a in allowed)}
    assert not sent


def test_cuda_is_the_one_that_tensorflow_asks_for():
    pins = dict(PIN.findall((ROOT / "kubeflow" / "requirements-gpu.lock").read_text()))
    wanted = [
        Requirement(line)
        for line in importlib.metadata.requires("tensorflow") or []
        if "and-cuda" in line
    ]
    assert wanted and {each.name for each in wanted} == set(pins)
    for each in wanted:
        assert Version(pins[each.name]) in each.specifier, each
