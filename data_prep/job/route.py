"""The first step of the job: raw records of input chunks are spilled by shard.

Only the places of the spilled records are passed on.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_prep.filesystem import InputFile, create, join, read_range
from data_prep.job.plan import Plan, write_report
from data_prep.records.arrow import binary_parts, large_binary
from data_prep.records.key_hash import key_hashes, split_indices
from data_prep.sources.base import Chunk, RecordBlock

SPILL_SCHEMA = pa.schema(
    {"key": pa.large_binary(), "label": pa.large_binary(), "payload": pa.large_binary()}
)


class Piece(NamedTuple):
    """The place of one chunk's records for one shard: an Arrow message in a spill file."""

    path: str
    offset: int
    length: int


class CutGroup(beam.DoFn):
    """Cuts (number, files read together) into chunks."""

    def __init__(self, plan: Plan):
        self.plan = plan

    def process(self, element: tuple[int, tuple[InputFile, ...]]) -> Iterator[Chunk]:
        number, files = element
        yield from self.plan.reader.chunks(files, number)


class RouteChunk(beam.DoFn):
    """Maps a chunk to (shard, Piece); its counts and rejects go into a report."""

    def __init__(self, plan: Plan):
        self.plan = plan

    def process(self, chunk: Chunk, side: Any = None) -> Iterator[tuple[int, Piece]]:
        path = join(self.plan.staging, f"spill-{uuid.uuid4().hex}")
        read = lines = 0
        filtered: Counter[str] = Counter()
        rejects: list[dict[str, Any]] = []
        matched = []
        with _LazyFile(path) as sink:
            for records in self.plan.reader.read(chunk, side):
                read += len(records.keys) + len(records.rejects)
                for reject in sorted(records.rejects, key=lambda r: (r.path, r.position)):
                    shifted = reject.position + (lines if reject.unit == "line" else 0)
                    rejects.append(reject._replace(position=shifted)._asdict())
                lines += records.lines
                if records.matched is not None:
                    matched.append(records.matched)
                batch = self._select(records, filtered)
                yield from self._spill(batch, sink)
        report = {
            "path": chunk.file.path,
            "read": read,
            "lines": lines,
            "filtered": dict(+filtered),
            "rejects": rejects,
            "matched": np.unique(np.concatenate(matched)).tolist() if matched else [],
        }
        name = f"chunk-{chunk.group:06d}-{chunk.number:06d}-{chunk.bytes_of_input}.json"
        write_report(self.plan, name, report)

    def _select(self, records: RecordBlock, filtered: Counter[str]) -> pa.RecordBatch:
        """Returns the wanted records: the spilled columns, and the shard of each."""
        config = self.plan.config
        keep = np.ones(len(records.keys), np.bool_)
        if config.words and records.labels is not None:
            words = large_binary([word.encode() for word in config.words])
            listed = pc.is_in(records.labels, value_set=words).to_numpy(zero_copy_only=False)
            filtered["word"] += int((keep & ~listed).sum())
            keep &= listed
        if config.recognized_only and records.recognized is not None:
            filtered["unrecognized"] += int((keep & ~records.recognized).sum())
            keep &= records.recognized
        labels = records.labels
        if labels is None:
            labels = pa.nulls(len(records.keys), pa.large_binary())
        columns = [records.keys, labels, records.payloads, pa.array(self._shards(records))]
        batch = pa.RecordBatch.from_arrays(columns, [*SPILL_SCHEMA.names, "shard"])
        return batch if keep.all() else batch.filter(pa.array(keep))

    def _shards(self, records: RecordBlock) -> np.ndarray:
        config = self.plan.config
        hashes = key_hashes(*binary_parts(records.keys), config.seed)
        splits = records.splits
        if splits is None:
            by = hashes
            if records.split_keys is not None:
                by = key_hashes(*binary_parts(records.split_keys), config.seed)
            splits = split_indices(by, config.splits)
        return self.plan.shard_of(hashes, splits)

    def _spill(self, batch: pa.RecordBatch, sink: _LazyFile) -> Iterator[tuple[int, Piece]]:
        if not len(batch):
            return
        shard = batch.column("shard").to_numpy()
        order = np.argsort(shard, kind="stable")
        batch = batch.select(SPILL_SCHEMA.names).take(pa.array(order))
        numbers, first = np.unique(shard[order], return_index=True)
        last = np.append(first[1:], len(order))
        for number, start, stop in zip(numbers, first, last, strict=True):
            message = batch.slice(start, stop - start).serialize()
            piece = Piece(sink.path, sink.size, message.size)
            sink.write(message)
            yield int(number), piece


class _LazyFile:
    """A file created at the first byte, so that empty chunks leave none."""

    def __init__(self, path: str):
        self.path, self.size = path, 0
        self._stream: Any = None

    def __enter__(self) -> _LazyFile:
        return self

    def write(self, data: pa.Buffer) -> None:
        if self._stream is None:
            self._stream = create(self.path)
        self._stream.write(data)
        self.size += len(data)

    def __exit__(self, *exc: object) -> None:
        if self._stream is not None:
            self._stream.close()


def read_piece(piece: Piece) -> pa.RecordBatch:
    """Reads the records of a piece back."""
    message = read_range(piece.path, piece.offset, piece.offset + piece.length)
    return pa.ipc.read_record_batch(pa.py_buffer(message), SPILL_SCHEMA)
