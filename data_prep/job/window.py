"""The newest spans of a growing data set as one prepared data set.

Each span is prepared once, into a directory of its own that outlives the run and is named by
what its data depends on: files that changed make another one. A window is those directories'
shards side by side: linked or copied, never made again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from apache_beam.io.filesystems import FileSystems

from data_prep.config import PrepConfig
from data_prep.config_base import require, to_dict
from data_prep.errors import InputError
from data_prep.filesystem import create, find_spans, fingerprint, join, make_directory, publish
from data_prep.job.finalize import MOST_FILES_NAMED, PARTIAL_MANIFEST, REJECTS
from data_prep.job.output import clear
from data_prep.job.prepare import prepare
from data_prep.manifest import Manifest, manifest_path, manifest_sha256
from data_prep.sources.opening import open_source
from data_prep.span_patterns import MOST_SPANS, config_of_span, fill, name_of


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpanWindow:
    """spans: how many of the newest; store: the directory of the prepared spans."""

    spans: int
    store: str

    def __post_init__(self) -> None:
        require(1 <= self.spans <= MOST_SPANS, "window", self.spans, f"1 to {MOST_SPANS}")


class _Part(NamedTuple):
    span: int
    name: str
    directory: str
    manifest: Manifest


def prepare_window(
    config: PrepConfig,
    inputs: Sequence[str],
    output: str,
    window: SpanWindow,
    *,
    newest: int | None = None,
    code_version: str = "",
    **execution: Any,
) -> Manifest:
    """Prepares the spans of the window that are not prepared yet, and joins all into one.

    Args:
      config: of the preparation; the lists hold a placeholder, too.
      inputs: globs with a placeholder each (see data_prep.span_patterns).
      output: the directory to write; what a killed run left there goes.
      window: how many spans, and where they are kept.
      newest: the last span of the window, later ones are not looked at; None: the last there is.
      code_version: other code prepares a span again.
      execution: `workers`, `beam_args`, `on_progress` of data_prep.job.prepare.prepare.

    Raises:
      InputError: as data_prep.job.prepare.prepare, naming the span, or where spans do
        not go together.
    """
    spans = find_spans([*inputs, *config.lists])
    if newest is not None:
        spans = [span for span in spans if span <= newest]
        if spans[-1:] != [newest]:
            raise InputError(f"input: span {name_of(inputs[0], newest)} has no files any more")
    parts = []
    for span in spans[-window.spans :]:
        name = name_of(inputs[0], span)
        given, found = [fill(path, span) for path in inputs], config_of_span(config, span)
        try:
            directory = join(window.store, f"{name}-{_version(found, given, code_version)}")
            manifest = prepare(found, given, directory, overwrite=True, **execution)
        except InputError as error:
            raise InputError(f"span {name}: {error}") from None
        parts.append(_Part(span, name, directory, manifest))
    return _join(parts, output)


def _version(config: PrepConfig, inputs: Sequence[str], code_version: str) -> str:
    """Changes with whatever changes the data, so that no prepared span is ever overwritten."""
    files, _ = open_source(config, inputs)
    facts = [to_dict(config), [file.path for file in files], fingerprint(files), code_version]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def _join(parts: Sequence[_Part], output: str) -> Manifest:
    last = parts[-1].manifest
    for part in parts:
        for name in ("image", "attributes", "extras"):
            old, new = getattr(part.manifest, name), getattr(last, name)
            if old != new:
                raise InputError(
                    f"input: {name} of span {part.name} is {_told(old)}, of span "
                    f"{parts[-1].name} {_told(new)}, allowed in one window: the same; "
                    "lower data.window or prepare the older span's files anew"
                )
    clear(output, True)
    shards = []
    for split in last.counts["by_split"]:
        make_directory(join(output, f"Split-{split}"))
        found = _interleaved(parts, split)
        for index, (directory, shard) in enumerate(found):
            path = f"Split-{split}/examples-{index:05d}-of-{len(found):05d}.gz"
            link_or_copy(join(directory, shard["path"]), join(output, path))
            shards.append({**shard, "path": path})
    for index, part in enumerate(parts):
        name = f"rejects-{index:05d}-of-{len(parts):05d}.jsonl"
        link_or_copy(join(part.directory, REJECTS), join(output, name))
    manifests = [part.manifest for part in parts]
    joined = dataclasses.replace(
        last,
        labels=tuple(sorted({label for each in manifests for label in each.labels})),
        counts=_sum([each.counts for each in manifests]),
        rejects=_sum([each.rejects for each in manifests]),
        positives=_sum([each.positives for each in manifests]),
        unmatched=sum(each.unmatched for each in manifests),
        shards=tuple(shards),
        source=_source([each.source for each in manifests]),
        spans=tuple(
            {
                "span": part.span,
                "name": part.name,
                "directory": part.directory,
                "manifest_sha256": manifest_sha256(part.directory),
                "written": part.manifest.counts["written"],
            }
            for part in parts
        ),
    )
    partial = join(output, PARTIAL_MANIFEST)
    with create(partial) as stream:
        stream.write(joined.to_json().encode())
    publish(partial, manifest_path(output))
    return joined


def _interleaved(parts: Sequence[_Part], split: str) -> list[tuple[str, dict[str, Any]]]:
    """The shards of a split with their directories. The first shards are a fair sample of the
    split in each span (a shard is a hash of the key), and so they are in the window."""

    def placed() -> Iterator[tuple[float, int, str, dict[str, Any]]]:
        for part in parts:
            own = [s for s in part.manifest.shards if s["path"].startswith(f"Split-{split}/")]
            for index, shard in enumerate(own):
                yield index / len(own), part.span, part.directory, shard

    return [(directory, shard) for _, _, directory, shard in sorted(placed(), key=lambda x: x[:2])]


def link_or_copy(source: str, target: str) -> None:
    """On a local disk a second name for the same bytes, else a copy by the filesystem itself."""
    try:
        os.link(source, target)
    except OSError:
        FileSystems.copy([source], [target])


def _sum(counts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Nested counts, added up by name."""
    names = sorted({name for each in counts for name in each})
    total: dict[str, Any] = {}
    for name in names:
        values = [each[name] for each in counts if name in each]
        total[name] = _sum(values) if isinstance(values[0], dict) else sum(values)
    return total


def _source(sources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    digest = hashlib.blake2b(digest_size=16)
    for each in sources:
        digest.update(each["fingerprint"].encode())
    joined = {
        "name": sources[-1]["name"],
        "fingerprint": digest.hexdigest(),
        "number_of_files": sum(each["number_of_files"] for each in sources),
        "bytes": sum(each["bytes"] for each in sources),
    }
    if joined["number_of_files"] <= MOST_FILES_NAMED:
        joined["files"] = [file for each in sources for file in each.get("files", [])]
    return joined


def _told(value: Any) -> str:
    return ", ".join(map(str, value)) or "none"
