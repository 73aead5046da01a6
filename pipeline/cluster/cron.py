"""Cron lines: five fields, minute to day of week, as Vertex AI takes them."""

from __future__ import annotations

import re
from typing import NamedTuple

from data_prep.errors import InputError

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_LAST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART = re.compile(
    r"(?:\*|(?P<low>[A-Za-z0-9]+)(?:-(?P<high>[A-Za-z0-9]+))?)(?:/(?P<step>[0-9]+))?"
)


class _Field(NamedTuple):
    """A field of a cron line.

    low, high: the numbers that * stands for.
    names: of low, low + 1, …
    most: the largest number that may be written, where that is not `high`.
    """

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    most: int = 0


_DAY_OF_WEEK = _Field("day of week", 0, 6, ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 7)
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _DAY_OF_WEEK,  # Sunday is 0 or 7
)


def check_cron(line: str) -> str:
    """Returns the line with single spaces.

    Raises:
      InputError: naming the field, or that no date fits (30 February).
    """
    texts = line.split()
    if len(texts) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        raise InputError(f"cron: got {line!r}, allowed: {len(_FIELDS)} fields ({names})")
    numbers = [
        {number for part in text.split(",") for number in _numbers(part, field, line)}
        for text, field in zip(texts, _FIELDS, strict=True)
    ]
    days, months = numbers[2], numbers[3]
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
    if ends == ["*"] or 7 not in [_number(end, _DAY_OF_WEEK) for end in ends]:
        return part
    days = [day % 7 for day in _numbers(part, _DAY_OF_WEEK, part)]
    return ",".join(map(str, dict.fromkeys(days)))


def _numbers(part: str, field: _Field, line: str) -> range:
    """Returns the numbers of one part of a field: *, 3, 1-5, MON-FRI, */2, 10-20/5, 8/4."""
    most = field.most or field.high
    match = _PART.fullmatch(part)
    try:
        if match is None:
            raise ValueError(part)
        first = _number(match["low"], field) if match["low"] else field.low
        to_the_end = match["step"] or not match["low"]
        last = _number(match["high"], field) if match["high"] else field.high
        if not match["high"] and (first > last or not to_the_end):
            last = first
        stride = int(match["step"] or 1)
        if not (field.low <= first <= last <= most and 1 <= stride <= most):
            raise ValueError(part)
    except ValueError:
        raise InputError(
            f"cron: got {part!r} as {field.name} in {line!r}, allowed: {field.low} to {most}, *, "
            "ranges such as 1-5, steps such as */2, lists of those"
        ) from None
    return range(first, last + 1, stride)


def _number(text: str, field: _Field) -> int:
    names = field.names
    return names.index(text.upper()) + field.low if text.upper() in names else int(text)
