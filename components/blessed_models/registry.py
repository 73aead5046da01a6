"""The registry of blessed models: a directory of JSON files on any filesystem that TFX reads.

A file tells of one blessing. It is written last and appears whole, so whoever reads the registry
sees finished blessings alone. Their names are times, in the order of the blessings. Metadata stores
keep the lineage beside it; the registry is there on every runner.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
from typing import Any

from tfx.dsl.io import fileio
from tfx.utils import io_utils

from trainer.export.metadata import LEARNED_FILE

DIRECTORY = "blessed"  # below the root of the runs
_ENDING, _UNFINISHED = ".json", ".unfinished"
_FORMAT = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlessedModel:
    """A blessing, as its file holds it.

    time: of the blessing, UTC; the file's name.
    uri, id, sha256: of the model artifact; the hash is over the files of its full model.
    manifest_sha256: of the data that it was evaluated on.
    spans: that it has learned from, as manifests name them; empty for data without spans.
    compared_with: the URIs of the models that it was compared with, by their role.
    champion: whether it became the champion.
    reference_span: the span that the drift of new ones is measured from, besides the last blessed
      one: the first there was, or the one accepted since; None for data without spans.
    pushed: the pushed version; empty before the push.
    """

    time: str
    uri: str
    id: int
    sha256: str
    manifest_sha256: str
    spans: tuple[dict[str, Any], ...] = ()
    compared_with: dict[str, str] = dataclasses.field(default_factory=dict)
    champion: bool = False
    reference_span: dict[str, Any] | None = None
    pushed: str = ""

    def to_json(self) -> str:
        plain = {"format": _FORMAT, **dataclasses.asdict(self)}
        return json.dumps(plain, indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> BlessedModel:
        """Reads `to_json`; keys of a later format are left out."""
        plain = json.loads(text)
        names = {field.name for field in dataclasses.fields(cls)} & plain.keys()
        return cls(**{name: plain[name] for name in names} | {"spans": tuple(plain["spans"])})


class BlessingRegistry:
    """The blessings below a directory; there may be none yet."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def all(self) -> list[BlessedModel]:
        """Returns every blessing, the oldest first."""
        if not self.directory or not fileio.exists(self.directory):
            return []
        paths = sorted(fileio.glob(os.path.join(self.directory, f"*{_ENDING}")))
        return [BlessedModel.from_json(io_utils.read_string_file(path)) for path in paths]

    def latest(self) -> BlessedModel | None:
        """Returns the last blessing."""
        return next(reversed(self.all()), None)

    def champion(self) -> BlessedModel | None:
        """Returns the last blessed model that became the champion."""
        return next((each for each in reversed(self.all()) if each.champion), None)

    def add(self, blessed: BlessedModel) -> None:
        """Writes a blessing, unless the last one is of the same model on the same data."""
        last = self.latest()
        same = ("sha256", "manifest_sha256")
        if last is None or any(getattr(last, name) != getattr(blessed, name) for name in same):
            self._write(blessed)

    def note_push(self, model_uri: str, version: str) -> None:
        """Writes the pushed version into the last blessing of a model artifact, if it has one."""
        of_model = [each for each in self.all() if each.uri == model_uri]
        if of_model and of_model[-1].pushed != version:
            self._write(dataclasses.replace(of_model[-1], pushed=version))

    def _write(self, blessed: BlessedModel) -> None:
        fileio.makedirs(self.directory)
        path = os.path.join(self.directory, blessed.time + _ENDING)
        io_utils.write_string_file(path + _UNFINISHED, blessed.to_json())
        fileio.rename(path + _UNFINISHED, path, overwrite=True)


def now() -> str:
    """Returns the present as a name of a file: times sort as text does."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def learned_spans(model_uri: str) -> tuple[dict[str, Any], ...] | None:
    """Returns the spans that a model artifact says it has learned from; None where it tells
    nothing."""
    path = os.path.join(model_uri, LEARNED_FILE)
    if not fileio.exists(path):
        return None
    return tuple(json.loads(io_utils.read_bytes_file(path))["spans"])
