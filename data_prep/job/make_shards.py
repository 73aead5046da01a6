"""The second step of the job: the routed records of a shard become its file.

They are sorted, rid of repeats, drawn, encoded and written.
"""

from __future__ import annotations

import hashlib
import heapq
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_prep import features
from data_prep.filesystem import create, join, publish
from data_prep.job.plan import Plan, write_report
from data_prep.job.route import SPILL_SCHEMA, Piece, read_piece
from data_prep.records.arrow import binary_parts
from data_prep.records.key_hash import key_hashes
from data_prep.records.tf_example import write_examples

BATCH_BYTES = 4 << 20  # of pixels drawn and encoded at a time
MAX_BATCH = 2048


def gather(pieces: Iterable[Piece | None]) -> tuple[pa.RecordBatch, int, list[dict[str, str]]]:
    """Returns a shard's records by key, the number of repeats dropped, and those that differ.

    Of several records with one key the smallest (label, payload) stays.
    """
    batches = [read_piece(piece) for piece in pieces if piece is not None]
    if not batches:
        return pa.RecordBatch.from_pylist([], schema=SPILL_SCHEMA), 0, []
    table = pa.Table.from_batches(batches, SPILL_SCHEMA)
    keys = table.column("key").combine_chunks()
    order = pc.array_sort_indices(keys)
    keys = keys.take(order)
    same = pc.equal(keys.slice(1), keys.slice(0, len(keys) - 1)).to_numpy(zero_copy_only=False)
    drop: list[int] = []
    differing: list[dict[str, str]] = []
    if same.any():
        order, drop, differing = _resolve(table, order.to_numpy(), np.append(False, same))
        order = pa.array(np.delete(order, drop))
    return table.take(order).combine_chunks().to_batches()[0], len(drop), differing


def _resolve(
    table: pa.Table, order: np.ndarray, repeats: np.ndarray
) -> tuple[np.ndarray, list[int], list[dict[str, str]]]:
    """Puts the smallest record of each run of equal keys first and drops the rest."""
    order = order.copy()
    drop: list[int] = []
    differing = []
    edges = np.flatnonzero(np.diff(np.append(repeats, False).astype(np.int8)))
    for before, last in edges.reshape(-1, 2):  # the run is order[before : last + 1]
        rows = table.take(pa.array(order[before : last + 1])).to_pylist()
        ranked = sorted(
            range(len(rows)), key=lambda i: (rows[i]["label"] or b"", rows[i]["payload"])
        )
        first = rows[ranked[0]]
        for i in ranked[1:]:
            if (rows[i]["label"], rows[i]["payload"]) != (first["label"], first["payload"]):
                text = (first["key"], rows[i]["label"] or b"", first["label"] or b"")
                key, label, other = (value.decode(errors="replace") for value in text)
                differing.append({"key": key, "label": label, "kept_label": other})
        order[before : last + 1] = order[before : last + 1][ranked]
        drop.extend(range(before + 1, last + 1))
    return order, drop, differing


def _ranked(records: pa.RecordBatch, seed: int) -> tuple[np.ndarray, np.ndarray, list[bytes]]:
    """Returns each record's key hash, uint64 [n], its label's index, [n], and the labels."""
    ranks = key_hashes(*binary_parts(records.column(0)), seed)[:, 1]
    labels = records.column(1).fill_null(b"").dictionary_encode()
    return ranks, labels.indices.to_numpy(), labels.dictionary.to_pylist()


def label_ranks(pieces: Iterable[Piece | None], seed: int, limit: int) -> dict[bytes, np.ndarray]:
    """Returns the `limit` smallest key hashes of each label in a shard, sorted."""
    ranks, codes, labels = _ranked(gather(pieces)[0], seed)
    return {label: np.sort(ranks[codes == code])[:limit] for code, label in enumerate(labels)}


class SmallestHashes(beam.CombineFn):
    """Merges ranks of shards into the largest hash of each label among its `limit` smallest."""

    def __init__(self, limit: int):
        self.limit = limit

    def create_accumulator(self) -> dict[bytes, np.ndarray]:
        return {}

    def add_input(self, accumulator: dict, ranks: dict) -> dict:
        return self.merge_accumulators([accumulator, ranks])

    def merge_accumulators(self, accumulators: Iterable[dict]) -> dict:
        merged: dict[bytes, list[np.ndarray]] = {}
        for accumulator in accumulators:
            for label, hashes in accumulator.items():
                merged.setdefault(label, []).append(hashes)
        return {
            label: np.array(list(heapq.merge(*parts))[: self.limit], np.uint64)
            for label, parts in merged.items()
        }

    def extract_output(self, accumulator: dict) -> dict[bytes, int]:
        return {
            label: int(hashes[-1]) if len(hashes) == self.limit else 2**64 - 1
            for label, hashes in accumulator.items()
        }


class MakeShard(beam.DoFn):
    """Writes the file of (shard, pieces) and a report of its contents; yields the shard."""

    def __init__(self, plan: Plan):
        self.plan = plan

    def process(
        self,
        element: tuple[int, Iterable[Piece | None]],
        largest: Mapping[bytes, int] | None = None,
    ) -> Iterator[int]:
        shard, pieces = element
        records, duplicates, differing = gather(pieces)
        before = len(records)
        if largest is not None:
            ranks, codes, labels = _ranked(records, self.plan.config.seed)
            limits = np.array([largest[label] for label in labels], np.uint64)
            records = records.filter(pa.array(ranks <= limits[codes]))
        counts: dict[str, Counter[str]] = {"by_label": Counter(), "positives": Counter()}
        rejects: list[dict] = []
        partial = join(self.plan.staging, f"shard-{shard:05d}-{uuid.uuid4().hex}")
        with create(partial) as stream:
            sink = _Hashing(stream)
            written = write_examples(self._columns(records, counts, rejects), sink)
        path = self.plan.shard_path(shard)
        publish(partial, join(self.plan.output, path))
        report = {
            "path": path,
            "records": written,
            "sha256": sink.digest.hexdigest(),
            "by_label": dict(sorted(counts["by_label"].items())),
            "positives": counts["positives"],
            "rejects": rejects,
            "duplicates": duplicates,
            "differing": differing,
            "filtered": {"per_label": before - len(records)} if before > len(records) else {},
        }
        write_report(self.plan, f"shard-{shard:05d}.json", report)
        yield shard

    def _columns(
        self, records: pa.RecordBatch, counts: dict[str, Counter[str]], rejects: list[dict]
    ) -> Iterator[Mapping[str, Any]]:
        """Yields the feature columns of batches of records; fills `counts` and `rejects`."""
        reader = self.plan.reader
        size = max(1, min(MAX_BATCH, BATCH_BYTES // reader.image.size))
        for start in range(0, len(records), size):
            part = records.slice(start, size)
            columns, refused = reader.decode(part.column("payload"))
            columns = dict(columns)
            if refused:
                keep = np.ones(len(part), np.bool_)
                for row, reject in refused:
                    keep[row] = False
                    key = part.column("key")[row].as_py().decode(errors="replace")
                    rejects.append(reject._replace(key=key)._asdict())
                part = part.filter(pa.array(keep))
            columns[features.KEY] = part.column("key")
            labels = part.column("label")
            if labels.null_count == 0:
                columns[features.LABEL] = labels
                counts["by_label"].update(label.decode() for label in labels.to_pylist())
            if features.ATTRIBUTES in columns:
                positives = columns[features.ATTRIBUTES].sum(axis=0)
                names = reader.attributes
                counts["positives"].update(dict(zip(names, positives.tolist(), strict=True)))
            yield columns


class _Hashing:
    """A sink that computes the SHA-256 of the bytes written through it."""

    def __init__(self, stream: BinaryIO):
        self.stream = stream
        self.digest = hashlib.sha256()

    def write(self, data: bytes, /) -> int:
        self.digest.update(data)
        self.stream.write(data)
        return len(data)
