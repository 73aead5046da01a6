"""The manifest of a prepared data set. Its presence means that the set is complete."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

from apache_beam.io.filesystems import FileSystems

from data_prep.errors import InputError
from data_prep.features import ImageSpec
from data_prep.filesystem import create, join, publish, read_whole
from data_prep.layout import MANIFEST, PARTIAL_MANIFEST, split_of

FORMAT_VERSION = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifest:
    """The contents of a prepared data set."""

    image: ImageSpec
    labels: tuple[str, ...]  # sorted words; empty where the data has no labels
    attributes: tuple[str, ...]  # in the order of the `attributes` feature
    # read, written, rejected, filtered, duplicates, by_split, by_label (and by split, by label)
    counts: dict[str, Any]
    rejects: dict[str, int]  # by reason
    positives: dict[str, int]  # by attribute
    shards: tuple[dict[str, Any], ...]  # {path, records, sha256}, paths relative
    source: dict[str, Any]  # {name, fingerprint, number_of_files, bytes, files: […]}
    options: dict[str, Any]  # the PrepConfig, as plain data
    code_version: str
    extras: tuple[str, ...] = ()  # features besides image, key, label, attributes, statistics
    pixel_version: int = 1  # raised when the same records become other pixels
    warnings: tuple[str, ...] = ()  # in words, about the images
    unmatched: int = 0  # rows of the attribute list whose image was not there
    # of a window of spans, the oldest first: {span, name, directory, manifest_sha256, written}
    spans: tuple[dict[str, Any], ...] = ()
    format_version: int = FORMAT_VERSION

    def shards_of(self, split: str) -> list[dict[str, Any]]:
        """Returns the shards of a split, in their order."""
        return [shard for shard in self.shards if split_of(shard["path"]) == split]

    def to_json(self) -> str:
        """Returns the text of manifest.json."""
        plain = dataclasses.asdict(self) | {"image": self.image._asdict()}
        return json.dumps(plain, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Reads the text of manifest.json."""
        plain = json.loads(text)
        plain["image"] = ImageSpec(**plain["image"])
        for name in ("labels", "attributes", "extras", "shards", "spans", "warnings"):
            plain[name] = tuple(plain.get(name, ()))
        return cls(**plain)


def manifest_path(directory: str) -> str:
    """Returns the path of the manifest of a data set."""
    return join(directory, MANIFEST)


def write_manifest(directory: str, manifest: Manifest) -> None:
    """Writes the manifest, which appears when it is whole."""
    partial = join(directory, PARTIAL_MANIFEST)
    with create(partial) as stream:
        stream.write(manifest.to_json().encode())
    publish(partial, manifest_path(directory))


def read_manifest(directory: str) -> Manifest:
    """Reads the manifest of a prepared data set.

    Raises:
      InputError: if there is none, or it is not one of this format.
    """
    path = manifest_path(directory)
    if not FileSystems.exists(path):
        raise InputError(f"{directory}: no prepared data set there ({MANIFEST} is missing)")
    try:
        manifest = Manifest.from_json(read_whole(path))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a manifest of this version ({error})") from None
    if manifest.format_version != FORMAT_VERSION:
        raise InputError(
            f"{path}: format_version {manifest.format_version}, allowed: {FORMAT_VERSION}; "
            "prepare the data again"
        )
    return manifest


def manifest_sha256(directory: str) -> str:
    """Returns the SHA-256 of the manifest, which identifies the contents of the data set."""
    return hashlib.sha256(read_whole(manifest_path(directory))).hexdigest()
