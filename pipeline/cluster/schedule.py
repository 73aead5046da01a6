"""The times at which a compiled pipeline runs."""

from __future__ import annotations

import dataclasses
import zoneinfo
from typing import Annotated, Any

from data_prep.config_base import Between, Config, require
from pipeline.cluster.cron import check_cron
from pipeline.config.cloud_names import Form

_NAME = Form(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_-]{1,63}", "letters, digits, - and _, at most 63")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedule(Config):
    """The times at which a pipeline runs, and the values that it runs with.

    cron: five fields, in `timezone`.
    max_concurrent_runs: of this schedule.
    catch_up: whether runs missed during a pause follow (Kubeflow only).
    parameters: values of runtime parameters by name.
    """

    name: Annotated[str, _NAME]
    cron: str
    timezone: str = "UTC"
    max_concurrent_runs: Annotated[int, Between(1, 100)] = 1
    catch_up: bool = False
    parameters: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_cron(self.cron)
        zones = zoneinfo.available_timezones()
        allowed = "a name such as UTC, Europe/Berlin"
        require(self.timezone in zones, "timezone", self.timezone, allowed)
