"""Quick Draw's binary layout, the one form in which vector drawings travel.

A record, little endian, as in the official `.bin` files: key_id u64, countrycode 2
bytes, recognized u8, timestamp u32, n_strokes u16, then for each stroke n_points u16,
x u8 [n_points], y u8 [n_points].

The format has no marks between records, so one wrong count makes the rest unreadable
unless the reader finds the next record. `scan` does: where the bytes stop looking like
records it searches for the next place where several records in a row fit, and reports
the bytes between as one damaged span.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numba import njit

_HEADER = np.dtype("<u8, (2,)u1, u1, <u4, <u2")  # key_id up to and with n_strokes
HEADER = _HEADER.itemsize
MAX_RECORD = 1 << 20  # bytes; a longer "record" is damage (real ones stay under 10 KiB)
LOOKAHEAD = 4 * MAX_RECORD  # bytes beyond a position that `scan` may need to judge it
_CHAIN = 3  # that many records in a row prove a new beginning

_OVERRUN, _DAMAGED = -1, -2

# The faults of a single drawing; 0 is a good one.
DRAWING_REASONS = ("", "no_strokes", "empty_stroke")


@njit(cache=True, nogil=True)
def u16(data, at):
    """Reads an unsigned 16-bit number."""
    return np.int64(data[at]) | (np.int64(data[at + 1]) << 8)


@njit(cache=True, nogil=True)
def _record_end(data, start, stop):
    """Returns the end of the record at `start`, or _OVERRUN or _DAMAGED."""
    if stop - start < HEADER:
        return _OVERRUN
    for at in (start + 8, start + 9):  # countrycode is printable
        if data[at] < 32 or data[at] > 126:
            return _DAMAGED
    if data[start + 10] > 1:
        return _DAMAGED
    at = start + HEADER
    for _ in range(u16(data, start + 15)):
        if at + 2 > stop:
            return _OVERRUN
        at += 2 + 2 * u16(data, at)
        if at - start > MAX_RECORD:
            return _DAMAGED
        if at > stop:
            return _OVERRUN
    return at


@njit(cache=True, nogil=True)
def _begins_records(data, start, stop):
    """Tells whether _CHAIN records, or the last ones, follow each other from `start` on."""
    at = start
    for _ in range(_CHAIN):
        begin, at = at, _record_end(data, at, stop)
        # A drawing without strokes is no evidence: runs of zeros would look like it.
        if at < 0 or u16(data, begin + 15) == 0 or u16(data, begin + HEADER) == 0:
            return False
        if at == stop:
            return True
    return True


@njit(cache=True, nogil=True)
def _swallows(data, start, stop, size):
    """Tells whether a record with a wrong count reaches over others that begin within it."""
    for at in range(start + HEADER, stop):  # noqa: SIM110
        if _begins_records(data, at, size):
            return True
    return False


@njit(cache=True, nogil=True)
def _scan(data, eof, lost, ends, spans):
    size = len(data)
    safe = size if eof else size - LOOKAHEAD
    at, before = 0, -1
    n_ends = n_spans = 0
    bad_from = 0 if lost else -1
    while at < size:
        if bad_from >= 0:
            at = max(bad_from + (0 if lost else 1), 0)
            lost = False
            while at < safe and not _begins_records(data, at, size):
                at += 1
            if at >= safe:
                if eof:
                    at = size
                spans[n_spans, 0], spans[n_spans, 1] = bad_from, at
                return at, n_ends, n_spans + 1, True
            spans[n_spans, 0], spans[n_spans, 1] = bad_from, at
            n_spans += 1
            bad_from, before = -1, -1
            if n_spans == len(spans) or n_ends == len(ends):
                return at, n_ends, n_spans, False
        if at >= safe:
            break
        end = _record_end(data, at, size)
        if end >= 0:
            ends[n_ends, 0], ends[n_ends, 1] = at, end
            n_ends += 1
            before, at = at, end
            if n_ends == len(ends):
                break
        elif before < 0 or (end == _OVERRUN and not _swallows(data, before, at, size)):
            bad_from = at
        else:
            # The record before ended where no record begins, or has records within it.
            n_ends -= 1
            bad_from = before
    return at, n_ends, n_spans, False


def scan(
    data: np.ndarray, eof: bool, lost: bool = False
) -> tuple[int, np.ndarray, np.ndarray, bool]:
    """Finds whole records and damaged spans from the start of `data`.

    Args:
      data: uint8 [size], beginning at a record, or inside damage when `lost`.
      eof: whether the file ends with `data`. If not, the last LOOKAHEAD bytes are left
        to the next call.
      lost: the flag that the call before returned.

    Returns:
      (consumed, records int64 [n, 2], damaged int64 [m, 2], lost): starts and stops of
      whole records and of damaged spans within data[:consumed], in order. `lost` tells
      that the last span goes on after `consumed`.
    """
    ends = np.empty((len(data) // HEADER + 1, 2), np.int64)
    spans = np.empty((4096, 2), np.int64)
    consumed, n_ends, n_spans, lost = _scan(data, eof, lost, ends, spans)
    return consumed, ends[:n_ends], spans[:n_spans], lost


@njit(cache=True, nogil=True)
def _walk(data, starts, reasons):
    at = n = 0
    while at < len(data):
        starts[n] = at
        strokes = u16(data, at + 15)
        reasons[n] = 1 if strokes == 0 else 0
        at += HEADER
        for _ in range(strokes):
            points = u16(data, at)
            if points == 0:
                reasons[n] = 2
            at += 2 + 2 * points
        n += 1
    starts[n] = at
    return n


def split_records(data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the offsets of the records that fill `data`, int64 [n + 1], and the fault of each.

    The faults, uint8 [n], index DRAWING_REASONS.
    """
    starts = np.empty(len(data) // HEADER + 2, np.int64)
    reasons = np.empty(len(data) // HEADER + 1, np.uint8)
    n = _walk(data, starts, reasons)
    return starts[: n + 1], reasons[:n]


def headers(data: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, ...]:
    """Returns key_id uint64 [n], countrycode uint8 [2 n], recognized and timestamp int64 [n]."""
    rows = data[offsets[:-1, None] + np.arange(HEADER)].view(_HEADER)[:, 0]
    key_ids, codes, recognized, seconds = (rows[f"f{i}"] for i in range(4))
    numbers = recognized.astype(np.int64), seconds.astype(np.int64)
    return key_ids.astype(np.uint64), codes.reshape(-1), *numbers


def decimals(numbers: np.ndarray) -> pa.Array:
    """Returns the decimal text of uint64 [n] as large_binary."""
    return pa.array(numbers).cast(pa.large_string()).cast(pa.large_binary())
