"""The output directory: an existing data set in it, and what may be cleared from it."""

from __future__ import annotations

from collections.abc import Sequence

from apache_beam.io.filesystems import FileSystems

from data_prep.config import PrepConfig
from data_prep.config_base import to_dict
from data_prep.errors import InputError
from data_prep.filesystem import InputFile, join, list_files
from data_prep.job.finalize import describe_input
from data_prep.layout import ANY_SHARD, PARTIAL_MANIFEST, STAGING, rejects_file
from data_prep.manifest import Manifest, manifest_path, read_manifest


def existing_data_set(
    config: PrepConfig,
    files: Sequence[InputFile],
    pixel_version: int,
    output: str,
    overwrite: bool,
) -> Manifest | None:
    """Returns the data set in `output` if it is the one asked for; None if there is none to reuse.

    pixel_version: the reader's.

    Raises:
      InputError: where another data set stands there and `overwrite` does not allow its end.
    """
    if not FileSystems.exists(manifest_path(output)):
        return None
    try:
        manifest = read_manifest(output)
    except InputError:
        if overwrite:
            return None
        raise
    changed = [
        f"{name} was {manifest.options.get(name)!r}, now {value!r}"
        for name, value in to_dict(config).items()
        if manifest.options.get(name) != value
    ]
    if manifest.pixel_version != pixel_version:
        changed.append(
            f"images drawn by version {manifest.pixel_version} of the code that makes pixels, now "
            f"{pixel_version}"
        )
    now = describe_input(config.source, files)
    if now["fingerprint"] != manifest.source["fingerprint"]:
        changed.append(_changed_files(manifest.source.get("files", []), now.get("files", [])))
    paths = [shard["path"] for shard in manifest.shards]
    missing = [path for path in paths if not FileSystems.exists(join(output, path))]
    if not changed and not missing:
        return manifest
    if overwrite:
        return None
    complaint = (
        f"holds another data set ({'; '.join(changed)}); use --overwrite or another directory"
    )
    if not changed:
        complaint = f"{missing[0]} is missing; use --overwrite to make it again"
    raise InputError(f"output {output}: {complaint}")


def _changed_files(before: list[dict], now: list[dict]) -> str:
    if not before or not now:
        return "input changed"
    old, new = ({f["path"]: f for f in files} for files in (before, now))
    changed = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return f"input changed: {', '.join(changed[:3])}{more}"


def clear(output: str, overwrite: bool) -> None:
    """Removes what an earlier preparation left, complete or killed, and nothing else."""
    manifest = manifest_path(output)
    staging, rejects = join(output, STAGING), join(output, rejects_file())
    # One of these stands from the first file written to the last one removed.
    may_clear = overwrite or any(FileSystems.exists(mark) for mark in (manifest, staging, rejects))
    left = [m.path for m in list_files(join(output, ANY_SHARD))]
    if left and not may_clear:
        raise InputError(
            f"output {output}: holds {left[0]}, which no preparation left there; "
            "use --overwrite or another directory"
        )
    # The manifest goes first: from here on the directory does not look complete.
    for path in [manifest, join(output, PARTIAL_MANIFEST), *left, staging, rejects]:
        if FileSystems.exists(path):
            FileSystems.delete([path])
