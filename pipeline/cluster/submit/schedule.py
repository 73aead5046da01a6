"""schedule.yaml: where a compiled pipeline is sent, and when it runs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import yaml

from data_prep.config_base import parse, require
from data_prep.errors import InputError
from pipeline.cluster.submit.cron import check_cron, check_timezone
from pipeline.config import cloud_names


@dataclasses.dataclass(frozen=True, kw_only=True)
class VertexTarget:
    """A project of Google Cloud. service_account: under which the runs act; empty: its default."""

    project: str
    region: str
    service_account: str = ""

    def __post_init__(self) -> None:
        cloud_names.check_project(self.project)
        cloud_names.check_region(self.region)
        if self.service_account:
            cloud_names.check_service_account(self.service_account)

    @property
    def parent(self) -> str:
        return f"projects/{self.project}/locations/{self.region}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class KubeflowTarget:
    """An installation of Kubeflow Pipelines.

    host: its address, http:// or https://. experiment: the id of an experiment there; empty: its
    default. service_account: of Kubernetes. A token, where it wants one, comes from the
    environment (KF_PIPELINES_TOKEN).
    """

    host: str
    experiment: str = ""
    service_account: str = ""

    def __post_init__(self) -> None:
        allowed = "an address, http://… or https://…"
        plain = self.host.startswith(("http://", "https://")) and not set(self.host) & set(" \n\r@")
        require(plain and len(self.host.split("://")[1]) > 0, "host", self.host, allowed)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedule:
    """When a pipeline runs, and with which values.

    cron: five fields, in `timezone`. max_concurrent_runs: of this schedule. catch_up: whether
    runs missed during a pause follow (Kubeflow only). parameters: runtime parameters by name.
    """

    name: str
    cron: str
    timezone: str = "UTC"
    max_concurrent_runs: int = 1
    catch_up: bool = False
    parameters: dict[str, Any] = dataclasses.field(default_factory=dict)
    vertex: VertexTarget | None = None
    kubeflow: KubeflowTarget | None = None

    def __post_init__(self) -> None:
        plain = self.name.replace("-", "").replace("_", "")
        letters = "letters, digits, - and _, at most 63"
        named = plain.isascii() and plain.isalnum() and len(self.name) <= 63
        require(named, "name", self.name, letters)
        check_cron(self.cron)
        check_timezone(self.timezone)
        runs = self.max_concurrent_runs
        require(1 <= runs <= 100, "max_concurrent_runs", runs, "1 to 100")


def read_schedule(path: Path) -> Schedule:
    """Raises InputError naming the file, the key, the value and what is allowed."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from None
    try:
        return parse(Schedule, values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
