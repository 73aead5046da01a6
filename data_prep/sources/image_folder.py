"""The reader of image folders: one sub-folder a class, any picture format, or such a zip."""

from __future__ import annotations

import posixpath
from typing import Any

import numpy as np

from data_prep.config import PrepConfig
from data_prep.errors import InputError
from data_prep.records.arrow import large_binary
from data_prep.sources.base import RecordBlock, Reject
from data_prep.sources.encoded_images import EncodedImagesReader, Located


class ImageFolderReader(EncodedImagesReader):
    """The reader of pictures in a folder for each class.

    A key is folder/class/name, so that train/cat/1.jpg and val/cat/1.jpg are two pictures. The
    split is by class/name alone: it stays when the folder is renamed, or sent again as a span.
    """

    def __init__(self, config: PrepConfig):
        super().__init__(config, channels=config.channels)
        if config.split_by in ("identity", "partition"):
            raise InputError(
                f"split_by: got {config.split_by!r}, allowed: key, for data without such a list"
            )

    def describe(self, located: Located, side: Any) -> RecordBlock:
        parts = [_parts(*pair) for pair in zip(located.names, located.paths, strict=True)]
        good = np.array([label != "" for _, label, _ in parts], np.bool_)
        rejects = located.rejects + [
            Reject("no_class", "", 0, parts[i][-1], path=located.paths[i])
            for i in np.flatnonzero(~good)
        ]
        parts = [part for part, g in zip(parts, good, strict=True) if g]
        return RecordBlock(
            large_binary(["/".join(part).encode() for part in parts]),
            large_binary([label.encode() for _, label, _ in parts]),
            located.pack(good),
            rejects,
            split_keys=large_binary([f"{label}/{name}".encode() for _, label, name in parts]),
        )


def _parts(name: str, path: str) -> tuple[str, str, str]:
    """Returns (folder, class, name); at the top of an archive, its stem is the folder."""
    *above, last = name.replace("\\", "/").split("/")
    label = above[-1] if above else ""
    folder = above[-2] if len(above) > 1 else posixpath.splitext(posixpath.basename(path))[0]
    return folder, label, last
