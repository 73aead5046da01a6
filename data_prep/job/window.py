"""The newest spans of a growing data set as one prepared data set.

Each span is prepared once, into a directory of its own that outlives the run and is named by
everything that its data depends on: files that changed get another one. A window is the shards
of those directories side by side: linked or copied, never prepared again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple

from apache_beam.io.filesystems import FileSystems

from data_prep.config import PrepConfig
from data_prep.config_base import Between, Config, to_dict
from data_prep.errors import InputError
from data_prep.filesystem import find_spans, fingerprint, join, make_directory
from data_prep.job.finalize import MOST_FILES_NAMED
from data_prep.job.output import clear
from data_prep.job.prepare import prepare
from data_prep.layout import rejects_file, shard_path, split_folder
from data_prep.manifest import Manifest, manifest_sha256, write_manifest
from data_prep.sources.opening import open_source
from data_prep.span_patterns import MOST_SPANS, config_of_span, fill, name_of


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpanWindow(Config):
    """The number of newest spans to join, and `store`, the directory of the prepared spans."""

    spans: Annotated[int, Between(1, MOST_SPANS)]
    store: str


class _Part(NamedTuple):
    """A prepared span."""

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
    """Prepares the spans of the window not prepared yet, and joins all into one in `output`.

    Args:
      inputs: globs with a placeholder each (see data_prep.span_patterns), as the config's lists.
      newest: the last span of the window; None: the newest that has files.
      code_version: the version of the code; another one prepares a span again.
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
        paths, span_config = [fill(path, span) for path in inputs], config_of_span(config, span)
        try:
            version = _version(span_config, paths, code_version)
            directory = join(window.store, f"{name}-{version}")
            manifest = prepare(span_config, paths, directory, overwrite=True, **execution)
        except InputError as error:
            raise InputError(f"span {name}: {error}") from None
        parts.append(_Part(span, name, directory, manifest))
    return _join(parts, output)


def _version(config: PrepConfig, inputs: Sequence[str], code_version: str) -> str:
    """Returns a hash of all that decides the data, so that no prepared span is overwritten."""
    files, reader = open_source(config, inputs)
    paths, versions = [file.path for file in files], (code_version, reader.pixel_version)
    parts = [to_dict(config), paths, fingerprint(files), *versions]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _join(parts: Sequence[_Part], output: str) -> Manifest:
    """Links the shards of all spans into one data set and writes its manifest."""
    last = parts[-1].manifest
    for part in parts:
        for name in ("image", "attributes", "extras", "pixel_version"):
            old, new = getattr(part.manifest, name), getattr(last, name)
            if old != new:
                raise InputError(
                    f"input: {name} of span {part.name} is {_listed(old)}, of span "
                    f"{parts[-1].name} {_listed(new)}, allowed in one window: the same; "
                    "lower data.window or prepare the older span's files anew"
                )
    clear(output, True)
    shards = []
    for split in last.counts["by_split"]:
        make_directory(join(output, split_folder(split)))
        interleaved = _interleaved(parts, split)
        for index, (directory, shard) in enumerate(interleaved):
            path = shard_path(split, index, len(interleaved))
            link_or_copy(join(directory, shard["path"]), join(output, path))
            shards.append({**shard, "path": path})
    for index, part in enumerate(parts):
        target = join(output, rejects_file(index, len(parts)))
        link_or_copy(join(part.directory, rejects_file()), target)
    manifests = [part.manifest for part in parts]
    joined = dataclasses.replace(
        last,
        labels=tuple(sorted({label for manifest in manifests for label in manifest.labels})),
        counts=_sum([manifest.counts for manifest in manifests]),
        rejects=_sum([manifest.rejects for manifest in manifests]),
        positives=_sum([manifest.positives for manifest in manifests]),
        unmatched=sum(manifest.unmatched for manifest in manifests),
        shards=tuple(shards),
        source=_source([manifest.source for manifest in manifests]),
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
    write_manifest(output, joined)
    return joined


def _interleaved(parts: Sequence[_Part], split: str) -> list[tuple[str, dict[str, Any]]]:
    """Returns the shards of a split with their directories, those of all spans in turn.

    The first shards are a fair sample of the split in each span (a shard is a hash of the key),
    and so they are in the window.
    """

    def placed() -> Iterator[tuple[float, int, str, dict[str, Any]]]:
        for part in parts:
            shards = part.manifest.shards_of(split)
            for index, shard in enumerate(shards):
                yield index / len(shards), part.span, part.directory, shard

    return [(directory, shard) for _, _, directory, shard in sorted(placed(), key=lambda x: x[:2])]


def link_or_copy(source: str, target: str) -> None:
    """Links a file on a local disk; elsewhere the filesystem itself copies it."""
    try:
        os.link(source, target)
    except OSError:
        FileSystems.copy([source], [target])


def _sum(counts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Adds up nested counts by name."""
    names = sorted({name for part in counts for name in part})
    total: dict[str, Any] = {}
    for name in names:
        values = [part[name] for part in counts if name in part]
        total[name] = _sum(values) if isinstance(values[0], dict) else sum(values)
    return total


def _source(sources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Joins the descriptions of the input of all spans."""
    digest = hashlib.blake2b(digest_size=16)
    for source in sources:
        digest.update(source["fingerprint"].encode())
    joined = {
        "name": sources[-1]["name"],
        "fingerprint": digest.hexdigest(),
        "number_of_files": sum(source["number_of_files"] for source in sources),
        "bytes": sum(source["bytes"] for source in sources),
    }
    if joined["number_of_files"] <= MOST_FILES_NAMED:
        joined["files"] = [file for source in sources for file in source.get("files", [])]
    return joined


def _listed(value: Any) -> str:
    return str(value) if isinstance(value, int) else ", ".join(map(str, value)) or "none"
