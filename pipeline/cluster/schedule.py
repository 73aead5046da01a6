"""The times at which a compiled pipeline runs: cron lines as Vertex AI takes them, and zones."""

from __future__ import annotations

import dataclasses
import re
import zoneinfo
from typing import Annotated, Any, NamedTuple

from data_prep.config_base import Between, Config, require
from data_prep.errors import InputError
from pipeline.config.cloud_names import Form

_NAME = Form(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_-]{1,63}", "letters, digits, - and _, at most 63")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_LAST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART = re.compile(
    r"(?:\*|(?P<low>[A-Za-z0-9]+)(?:-(?P<high>[A-Za-z0-9]+))?)(?:/(?P<step>[0-9]+))?"
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedule(Config):
    """The times at which a pipeline runs, and the runtime parameters that it runs with."""

    name: Annotated[str, _NAME]
    cron: str  # five fields, in `timezone`
    timezone: str = "UTC"
    max_concurrent_runs: Annotated[int, Between(1, 100)] = 1  # of this schedule
    catch_up: bool = False  # whether runs missed during a pause follow (Kubeflow only)
    parameters: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_cron(self.cron)
        zones = zoneinfo.available_timezones()
        allowed = "a name such as UTC, Europe/Berlin"
        require(self.timezone in zones, "timezone", self.timezone, allowed)


class _Field(NamedTuple):
    """A field of a cron line: numbers from low to high, or the names of low, low + 1, …."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        return (
            self.names.index(text.upper()) + self.low if text.upper() in self.names else int(text)
        )

    def numbers(self, part: str, line: str) -> range:
        """Returns the numbers of one part: *, 3, 1-5, MON-FRI, */2, 10-20/5, 8/4."""
        match = _PART.fullmatch(part)
        try:
            if match is None:
                raise ValueError(part)
            low, high, step = match.groups()
            first = self.number(low) if low else self.low
            to_the_end = step or not low
            last = self.number(high) if high else self.high if to_the_end else first
            stride = int(step or 1)
            if not (self.low <= first <= last <= self.high and 1 <= stride <= self.high):
                raise ValueError(part)
        except ValueError:
            raise InputError(
                f"cron: got {part!r} as {self.name} in {line!r}, allowed: {self.low} to "
                f"{self.high}, *, ranges such as 1-5, steps such as */2, lists of those"
            ) from None
        return range(first, last + 1, stride)


_DAY_OF_WEEK = _Field("day of week", 0, 7, ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _DAY_OF_WEEK,  # Sunday is 0 or 7
)


def check_cron(line: str) -> str:
    """Returns the line with single spaces; InputError names the field, or that no date fits (30
    February)."""
    texts = line.split()
    if len(texts) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        raise InputError(f"cron: got {line!r}, allowed: {len(_FIELDS)} fields ({names})")
    _, _, days, months, _ = (
        {number for part in text.split(",") for number in field.numbers(part, line)}
        for text, field in zip(texts, _FIELDS, strict=True)
    )
    if texts[4] == "*" and all(min(days) > _LAST_DAYS[month - 1] for month in months):
        raise InputError(f"cron: got {line!r}, whose days of month no month of it has")
    return " ".join(texts)


def kubeflow_cron(line: str) -> str:
    """Returns the line for Kubeflow Pipelines: a field of seconds first, and Sunday as 0 alone."""
    *others, days = check_cron(line).split()
    return " ".join(["0", *others, ",".join(map(_without_seventh_day, days.split(",")))])


def _without_seventh_day(part: str) -> str:
    """Lists the days of a part that names the day 7, such as 1-7 or 5-7/2."""
    ends = part.partition("/")[0].split("-")
    if ends == ["*"] or 7 not in map(_DAY_OF_WEEK.number, ends):
        return part
    days = [day % 7 for day in _DAY_OF_WEEK.numbers(part, part)]
    return ",".join(map(str, dict.fromkeys(days)))
