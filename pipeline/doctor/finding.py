"""The answer of a check."""

from __future__ import annotations

from typing import NamedTuple

GOOD, NOTE, BAD = "ok", "note", "bad"


class Finding(NamedTuple):
    """The answer of a check.

    state: `ok`; `note`, something that only some uses need; `bad`, which will fail.
    what: the state in words.
    remedy: what to do; empty where nothing has to be done.
    """

    state: str
    what: str
    remedy: str = ""
