"""The forms of names of the cloud, so that a wrong one is refused before anything is sent.

Whether a region or a project of that name exists, the service judges.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from data_prep.config_base import require

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"


@dataclasses.dataclass(frozen=True)
class Form:
    """A constraint: text of one form, described by `words`; or none at all, where `optional`."""

    pattern: str
    words: str
    optional: bool = False

    def holds(self, value: Any) -> bool:
        return (self.optional and not value) or bool(re.fullmatch(self.pattern, value))

    def __str__(self) -> str:
        return self.words

    def check(self, value: str, name: str) -> None:
        """Raises InputError unless the value of the key `name` is of this form."""
        require(self.holds(value), name, value, self.words)

    def or_empty(self) -> Form:
        return dataclasses.replace(self, optional=True)


REGION = Form(
    r"[a-z]+-[a-z]+[0-9]{1,2}", "a region of Google Cloud, such as us-central1 or europe-west4"
)
IMAGE = Form(
    rf"(?:[a-z0-9.-]+(?::[0-9]+)?/)?{_PART}(?:/{_PART})*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})",
    "REGISTRY/PATH/NAME:TAG or …@sha256:DIGEST, in lower case but for the tag",
)
# An image that another machine can fetch: its registry is named.
PULLABLE_IMAGE = Form(
    rf"(?=[a-z0-9-]*\.[a-z0-9.-]*(?::[0-9]+)?/){IMAGE.pattern}",
    "an image with its registry, such as REGISTRY/PROJECT/NAME:TAG",
)
BUCKET = Form(
    r"(?!.*\.\.)gs://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](?:/[^*?#\[\]\n\r]*)?",
    "a folder in a bucket, gs://BUCKET/FOLDER",
)
PROJECT = Form(
    r"(?:[a-z][a-z0-9.]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]", "the id of a Google Cloud project"
)
SERVICE_ACCOUNT = Form(r"[a-z0-9-]+@[a-z0-9.-]+\.[a-z]+", "NAME@PROJECT.iam.gserviceaccount.com")
