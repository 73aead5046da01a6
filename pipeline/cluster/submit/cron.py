"""Cron lines: five fields, minute to day of week, as Vertex AI takes them."""

from __future__ import annotations

import re
import zoneinfo
from typing import NamedTuple

from data_prep.errors import InputError

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


class _Field(NamedTuple):
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()  # of low, low + 1, …


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, tuple(_MONTHS)),
    _Field("day of week", 0, 7, tuple(_DAYS)),
)
_DAYS_IN = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def check_cron(line: str) -> str:
    """The line with single spaces.

    Raises:
      InputError: naming the field, or that no date fits (30 February).
    """
    fields = line.split()
    if len(fields) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        raise InputError(f"cron: got {line!r}, allowed: {len(_FIELDS)} fields ({names})")
    values = [_values(text, field, line) for text, field in zip(fields, _FIELDS, strict=True)]
    days, months = values[2], values[3]
    if fields[4] == "*" and all(min(days) > _DAYS_IN[month - 1] for month in months):
        raise InputError(f"cron: got {line!r}, whose days of month no month of it has")
    return " ".join(fields)


def check_timezone(name: str) -> str:
    """A name of the IANA time zone database."""
    if name not in zoneinfo.available_timezones():
        raise InputError(f"timezone: got {name!r}, allowed: a name such as UTC, Europe/Berlin")
    return name


def with_seconds(line: str) -> str:
    """For Kubeflow Pipelines, whose lines begin with a field of seconds and begin weeks at 0."""
    *others, days = check_cron(line).split()
    return " ".join(["0", *others, re.sub(r"\b7\b", "0", days)])


def _values(text: str, field: _Field, line: str) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        low, dash, high = span.partition("-")
        try:
            if span == "*":
                first, last = field.low, field.high
            else:
                first = _number(low, field)
                last = _number(high, field) if dash else field.high if slash else first
            stride = int(step) if slash else 1
        except ValueError:
            raise _wrong(field, part, line) from None
        if not (field.low <= first <= last <= field.high and 1 <= stride <= field.high):
            raise _wrong(field, part, line)
        found.update(range(first, last + 1, stride))
    return found


def _number(text: str, field: _Field) -> int:
    if text.upper() in field.names:
        return field.names.index(text.upper()) + field.low
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(text)
    return int(text)


def _wrong(field: _Field, part: str, line: str) -> InputError:
    return InputError(
        f"cron: got {part!r} as {field.name} in {line!r}, allowed: {field.low} to {field.high}, "
        "*, ranges such as 1-5, steps such as */2, lists of those"
    )
