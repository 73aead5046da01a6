"""The image folder source: one sub-folder a class, any picture format, or such a zip."""

from __future__ import annotations

from typing import Any

import numpy as np

from data_prep.columns import large_binary
from data_prep.images.encoded import Located, Pictures, check_options, pack
from data_prep.options import PrepOptions
from data_prep.settings import require
from data_prep.source import Records, Reject


class ImageFolder(Pictures):
    """Pictures keyed by class/name; the folder a picture lies in is its class."""

    def __init__(self, options: PrepOptions):
        super().__init__(options, channels=options.channels)
        require(options.crop >= -1, "crop", options.crop,
                "-1 (largest centred square), 0 (none) or pixels")  # fmt: skip
        check_options(options)

    def describe(self, located: Located, side: Any) -> Records:
        parts = [name.replace("\\", "/").rsplit("/", 2) for name in located.names]
        good = np.array([len(p) > 1 and bool(p[-2]) for p in parts], np.bool_)
        rejects = located.rejects + [
            Reject("no_class", "", 0, parts[i][-1], path=located.paths[i])
            for i in np.flatnonzero(~good)
        ]
        kept = [p[-2:] for p, g in zip(parts, good, strict=True) if g]
        return Records(
            large_binary([f"{label}/{name}".encode() for label, name in kept]),
            large_binary([label.encode() for label, _ in kept]),
            pack(located.places[good], [p for p, g in zip(located.paths, good, strict=True) if g]),
            rejects,
        )
