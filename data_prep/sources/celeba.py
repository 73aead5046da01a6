"""The reader of CelebA: aligned faces in a folder or zip, with attributes and identities."""

from __future__ import annotations

import posixpath
from typing import Any

import numpy as np
import pyarrow as pa

from data_prep import features
from data_prep.config import PrepConfig
from data_prep.config_base import require
from data_prep.errors import InputError
from data_prep.features import SPLITS
from data_prep.formats.celeba_lists import Annotations, read_annotations
from data_prep.pixels.decode import Picture
from data_prep.records.arrow import large_binary
from data_prep.sources.base import RecordBlock, Reject
from data_prep.sources.encoded_images import PLACE, EncodedImagesReader, Located

HEIGHT, WIDTH = 218, 178  # pixels of every aligned picture
CROPS = (0, 108, 140, 148)  # 0: none


class CelebAReader(EncodedImagesReader):
    """The reader of faces, keyed by file name; a known person's faces go to one split."""

    labelled = False
    place = np.dtype([*PLACE.descr, ("bits", "<u8"), ("identity", "<i8")])

    def __init__(self, config: PrepConfig):
        super().__init__(config, channels=3)
        require(config.crop in CROPS, "crop", config.crop, "0 (none), 108, 140 or 148")
        self.attributes, lists = self._lists()
        self.bits_known = lists.bits is not None
        self.identities_known = lists.identities is not None
        self.extras = (features.IDENTITY,) if self.identities_known else ()
        self.split_by = config.split_by
        if self.split_by == "auto":
            self.split_by = "identity" if self.identities_known else "key"
        require(
            self.split_by != "identity" or self.identities_known,
            "split_by", self.split_by, "key or partition, without a list of identities",
        )  # fmt: skip
        if self.split_by == "partition":
            self.shares = self._official_shares(lists)

    def side_input(self) -> Annotations:
        return self._lists()[1]

    def _lists(self) -> tuple[tuple[str, ...], Annotations]:
        config = self.config
        return read_annotations(config.attributes, config.identities, config.partition)

    def _official_shares(self, lists: Annotations) -> tuple[float, ...]:
        require(lists.parts is not None, "split_by", "partition",
                "key or identity, without --partition FILE")  # fmt: skip
        assert lists.parts is not None
        counts = np.bincount(lists.parts[lists.parts >= 0], minlength=3)
        if np.count_nonzero(counts) < 2 or not counts[0]:
            sizes = ", ".join(f"{split} {n}" for split, n in zip(SPLITS, counts, strict=True))
            raise InputError(
                f"partition {self.config.partition}: needs the train part and another "
                f"({sizes}); split by key or identity instead"
            )
        return tuple((counts / counts.sum()).tolist())

    def describe(self, located: Located, side: Annotations) -> RecordBlock:
        names = large_binary([posixpath.basename(name).encode() for name in located.names])
        rows = side.rows_of(names)
        reasons = np.full(len(rows), "", object)
        if side.bits is not None:
            reasons[(rows < 0) | ~_take(side.listed, rows, False)] = "no_attributes"
        parts = _take(side.parts, rows, -1)
        if self.split_by == "partition":
            reasons[(reasons == "") & (parts < 0)] = "no_partition"
        located.places["bits"] = _take(side.bits, rows, 0)
        located.places["identity"] = identities = _take(side.identities, rows, -1)
        good = reasons == ""
        rejects = located.rejects + [
            Reject(reasons[i], "", 0, names[i].as_py().decode(), path=located.paths[i])
            for i in np.flatnonzero(~good)
        ]
        split_keys = None
        if self.split_by == "identity":
            # A prefix keeps a person's number apart from a file of that name.
            pairs = zip(identities.tolist(), names.to_pylist(), strict=True)
            people = [b"identity/%d" % person if person >= 0 else name for person, name in pairs]
            split_keys = large_binary(people).filter(pa.array(good))
        return RecordBlock(
            names.filter(pa.array(good)),
            None,
            located.pack(good),
            rejects,
            split_keys=split_keys,
            splits=parts[good] if self.split_by == "partition" else None,
            matched=rows[rows >= 0],
        )

    def accepts(self, picture: Picture) -> str:
        return "" if (picture.height, picture.width) == (HEIGHT, WIDTH) else "wrong_size"

    def more_columns(self, places: np.ndarray) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        if self.bits_known:
            shifts = np.arange(len(self.attributes), dtype=np.uint64)
            bits = (places["bits"][:, None] >> shifts) & 1
            columns[features.ATTRIBUTES] = bits.astype(np.int64)
        if self.identities_known:
            columns[features.IDENTITY] = places["identity"].astype(np.int64)
        return columns

    def unmatched(self, matched: np.ndarray) -> list[str]:
        if not self.bits_known:
            return []
        lists = self.side_input()
        left = lists.listed.copy()
        left[matched] = False
        return [name.decode() for name in lists.names.filter(pa.array(left)).to_pylist()]


def _take(values: np.ndarray | None, rows: np.ndarray, missing: int) -> np.ndarray:
    """Returns values[rows], and `missing` where the row is -1 or there are no values."""
    if values is None or not len(values):
        return np.full(len(rows), missing, np.int64 if values is None else values.dtype)
    return np.where(rows >= 0, values[rows], np.array(missing, values.dtype))
