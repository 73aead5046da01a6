"""What a check has to say."""

from __future__ import annotations

from typing import NamedTuple

GOOD, NOTE, BAD = "ok", "note", "bad"


class Finding(NamedTuple):
    """state: `ok`; `note`, something that only some uses need; `bad`, which will fail.
    remedy: what to do; empty where nothing has to be done."""

    state: str
    what: str
    remedy: str = ""
