"""The spans of a data set that grows: numbered or dated parts, which their paths name.

The placeholders are TFX's: `{SPAN}`, `{SPAN:3}` (zero-padded to that width), or `{YYYY}`,
`{MM}` and `{DD}`, whose span is the number of days since 1970-01-01.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import re
from collections.abc import Iterable
from typing import Any

from data_prep.config import LISTS, PrepConfig
from data_prep.errors import InputError

MOST_SPANS = 1000  # of a window
EPOCH = datetime.date(1970, 1, 1)
DATE = ("{YYYY}", "{MM}", "{DD}")
ALLOWED = "one of {SPAN}, {SPAN:<width>}, or {YYYY} with {MM} and {DD}, each once"
_NUMBER = re.compile(r"\{SPAN(?::([1-9]\d?))?\}")
_ANY = re.compile(r"\{[A-Z]+(?::\d+)?\}")


def has_span(pattern: str) -> bool:
    """Tells whether a path holds a placeholder.

    >>> has_span("raw/{SPAN:2}/*.bin"), has_span("raw/{a,b}/*.bin")
    (True, False)
    """
    return bool(_ANY.search(pattern))


def check_patterns(patterns: Iterable[str]) -> None:
    """Refuses placeholders that name no span, or name one in only some of the paths.

    Raises:
      InputError: naming the path and what is allowed.
    """
    patterns = list(patterns)
    for pattern in patterns:
        names = _ANY.findall(pattern)
        numbers = len(_NUMBER.findall(pattern))
        dates = sorted(name for name in names if name in DATE)
        fits = (numbers, dates) in ((1, []), (0, sorted(DATE)))
        if not fits or len(names) != numbers + len(dates):
            raise InputError(
                f"input {pattern}: got the placeholders {', '.join(names) or '(none)'}, "
                f"allowed: {ALLOWED}, in every path of a data set of spans, lists included"
            )


def fill(pattern: str, span: int) -> str:
    """Returns the path of one span.

    >>> fill("raw/{SPAN:3}/*.bin", 7), fill("raw/{YYYY}-{MM}-{DD}/*.bin", 20_000)
    ('raw/007/*.bin', 'raw/2024-10-04/*.bin')
    """
    pattern = _NUMBER.sub(lambda match: str(span).zfill(int(match[1] or 0)), pattern)
    if DATE[0] in pattern:
        day = EPOCH + datetime.timedelta(days=span)
        for name, value in zip(DATE, (f"{day:%Y}", f"{day:%m}", f"{day:%d}"), strict=True):
            pattern = pattern.replace(name, value.zfill(len(name) - 2))
    return pattern


def name_of(pattern: str, span: int) -> str:
    """Returns the name of a span: its number, or its day.

    >>> name_of("raw/{SPAN:3}/*.bin", 7), name_of("raw/{YYYY}/{MM}{DD}/*.bin", 20_000)
    ('7', '2024-10-04')
    """
    return str(EPOCH + datetime.timedelta(days=span)) if DATE[0] in pattern else str(span)


def span_of(pattern: str, path: str) -> int:
    """Returns the span of a path or glob; the inverse of `fill`.

    Raises:
      InputError: where it is no span's.
    """
    span = _span(_regex(pattern, exact=True).fullmatch(path))
    if span is None:
        raise InputError(f"input {path}: is not {pattern} of any span")
    return span


def span_of_file(pattern: str, path: str) -> int | None:
    """Returns the span of a file that the glob may match; None where it does not.

    Raises:
      InputError: where its number is padded and the pattern does not say so.
    """
    matched = _regex(pattern).fullmatch(path)
    span = _span(matched)
    if matched is None or span is None:
        return None
    digits = matched.groupdict().get("SPAN")
    padded = digits and f"{{SPAN:{len(digits)}}}"
    if padded and digits != str(span) and padded not in pattern:
        raise InputError(
            f"input {path}: the span {digits} is padded with zeros, allowed: {padded} in place "
            f"of {{SPAN}} in {pattern}"
        )
    return span


def any_span(pattern: str) -> str:
    """Returns a glob that matches the files of every span.

    >>> any_span("raw/{YYYY}-{MM}-{DD}/*.bin")
    'raw/*-*-*/*.bin'
    """
    return _ANY.sub("*", pattern)


def config_of_span(config: PrepConfig, span: int) -> PrepConfig:
    """Returns the config with the lists of one span."""
    lists: dict[str, Any] = {name: fill(getattr(config, name), span) for name in LISTS}
    return dataclasses.replace(config, **lists)


def _span(matched: re.Match[str] | None) -> int | None:
    """Returns the span of a match; None without one, or where its digits are no date."""
    if matched is None:
        return None
    groups = matched.groupdict()
    if "SPAN" in groups:
        return int(groups["SPAN"])
    try:
        day = datetime.date(*(int(groups[name.strip("{}")]) for name in DATE))
    except ValueError:
        return None
    return (day - EPOCH).days


@functools.lru_cache
def _regex(pattern: str, exact: bool = False) -> re.Pattern[str]:
    """Returns a pattern of the paths of the glob, with a group for each placeholder.

    exact: the glob's wildcards stand for themselves, so that it matches filled-in globs.
    """
    tokens = re.split(r"(\{[A-Z]+(?::\d+)?\}|\*+|\?|\[[^\]]+\])", pattern)
    return re.compile("".join(_token(token, exact) for token in tokens))


def _token(token: str, exact: bool) -> str:
    """Returns the regular expression of a placeholder, a wildcard or plain text."""
    number = _NUMBER.fullmatch(token)
    if number:
        return rf"(?P<SPAN>\d{{{number[1]}}})" if number[1] else r"(?P<SPAN>\d+)"
    if token in DATE:
        name = token.strip("{}")
        return rf"(?P<{name}>\d{{{len(name)}}})"
    if not exact and token.startswith("*"):
        return ".*" if len(token) > 1 else "[^/]*"
    if not exact and token == "?":
        return "[^/]"
    if not exact and token.startswith("[") and len(token) > 2:
        return "[^" + token[2:] if token[1] == "!" else token
    return re.escape(token)
