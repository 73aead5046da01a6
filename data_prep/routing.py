"""Route: input chunks -> raw records spilled by shard, only their places passed on."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_prep.columns import binary_parts
from data_prep.inputs import InputFile, read_range
from data_prep.keys import key_hashes, split_indices
from data_prep.plan import Plan, create, join, write_report
from data_prep.source import Chunk, Records

SPILL_SCHEMA = pa.schema(
    {"key": pa.large_binary(), "label": pa.large_binary(), "payload": pa.large_binary()}
)


class Piece(NamedTuple):
    """Where the records of one chunk for one shard lie: an Arrow message in a spill file."""

    path: str
    offset: int
    length: int


class CutFile(beam.DoFn):
    """(file index, file) -> its chunks."""

    def __init__(self, plan: Plan):
        self.plan = plan

    def process(self, element: tuple[int, InputFile]) -> Iterator[Chunk]:
        index, file = element
        yield from self.plan.source.chunks(file, index)


class RouteChunk(beam.DoFn):
    """Chunk -> (shard, Piece); its counts and rejects go into a report."""

    def __init__(self, plan: Plan):
        self.plan = plan

    def process(self, chunk: Chunk) -> Iterator[tuple[int, Piece]]:
        records = self.plan.source.read(chunk)
        batch, filtered = self._select(records)
        path = join(self.plan.staging, f"spill-{uuid.uuid4().hex}")
        if len(batch):
            with create(path) as sink:
                yield from self._spill(batch, path, sink)
        size = chunk.stop - chunk.start
        name = f"chunk-{chunk.file_index:06d}-{chunk.number:06d}-{size}.json"
        report = {
            "path": chunk.file.path,
            "read": len(records.keys) + len(records.rejects),
            "lines": records.lines,
            "filtered": filtered,
            "rejects": [r._asdict() for r in sorted(records.rejects, key=lambda r: r.position)],
        }
        write_report(self.plan, name, report)

    def _select(self, records: Records) -> tuple[pa.RecordBatch, dict[str, int]]:
        options = self.plan.options
        keep = np.ones(len(records.keys), np.bool_)
        filtered: Counter[str] = Counter()
        if options.words and records.labels is not None:
            wanted = pa.array([w.encode() for w in options.words], pa.large_binary())
            known = pc.is_in(records.labels, value_set=wanted).to_numpy(zero_copy_only=False)
            filtered["word"] = int((keep & ~known).sum())
            keep &= known
        if options.recognized_only and records.recognized is not None:
            filtered["unrecognized"] = int((keep & ~records.recognized).sum())
            keep &= records.recognized
        labels = records.labels
        if labels is None:
            labels = pa.nulls(len(records.keys), pa.large_binary())
        columns = [records.keys, labels, records.payloads]
        batch = pa.RecordBatch.from_arrays(columns, schema=SPILL_SCHEMA)
        return batch if keep.all() else batch.filter(pa.array(keep)), dict(+filtered)

    def _spill(self, batch: pa.RecordBatch, path: str, sink) -> Iterator[tuple[int, Piece]]:
        options = self.plan.options
        hashes = key_hashes(*binary_parts(batch.column(0)), options.seed)
        shard = self.plan.shard_of(hashes, split_indices(hashes, options.splits))
        order = np.argsort(shard, kind="stable")
        batch = batch.take(pa.array(order))
        numbers, first = np.unique(shard[order], return_index=True)
        last = np.append(first[1:], len(order))
        offset = 0
        for number, start, stop in zip(numbers, first, last, strict=True):
            message = batch.slice(start, stop - start).serialize()
            sink.write(message)
            yield int(number), Piece(path, offset, message.size)
            offset += message.size


def read_piece(piece: Piece) -> pa.RecordBatch:
    message = read_range(piece.path, piece.offset, piece.offset + piece.length)
    return pa.ipc.read_record_batch(pa.py_buffer(message), SPILL_SCHEMA)
