"""Quick Draw's ndjson, simplified or raw, as records of the binary layout.

Arrow parses a whole block of lines at once. Only where a block holds a line that Arrow
refuses are its lines read one by one, to find out which and why.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
from numba import njit

from data_prep.formats.quickdraw_binary import HEADER, MAX_RECORD
from data_prep.formats.simplify_strokes import SIDE, simplify_stroke

_DRAWING = pa.list_(pa.list_(pa.list_(pa.float64())))
_TEXTS = dict.fromkeys(("word", "countrycode", "timestamp", "key_id"), pa.string())
SCHEMA = pa.schema(_TEXTS | {"recognized": pa.bool_(), "drawing": _DRAWING})
_NOT_A_DRAWING, _BAD_KEY, _EMPTY_WORD = "not_a_drawing", "bad_key_id", "empty_word"
_BAD_COUNTRY, _BAD_TIME = "bad_countrycode", "bad_timestamp"
# The faults that the compiled encoder finds; 0 is a good drawing.
_REASONS = (
    "",
    "no_strokes",
    "empty_stroke",
    "malformed_stroke",  # not [x, y] or [x, y, t] of equal lengths
    "bad_coordinate",  # simplified: not a whole number from 0 to 255; raw: not finite
    "too_many_points",
)


class Lines(NamedTuple):
    """The drawings of a block of lines, one row a line that is not blank."""

    line: np.ndarray  # int64 [n], index of the line in the block
    reason: np.ndarray  # object [n], "" for a good drawing
    words: pa.Array  # string [n]
    keys: pa.Array  # string [n], as written
    data: np.ndarray  # uint8, records one after the other, empty where there is a reason
    offsets: np.ndarray  # int64 [n + 1]


def parse_lines(block: bytes) -> Lines:
    """Parses a block of whole lines."""
    lines = block.split(b"\n")
    numbers = np.array([i for i, line in enumerate(lines) if line.strip()], np.int64)
    table = _parse_block(block, len(numbers))
    unreadable = np.zeros(len(numbers), np.bool_)
    if table is None:
        table, unreadable = _parse_each([lines[i] for i in numbers])
    columns = {name: table.column(name).combine_chunks() for name in SCHEMA.names}
    columns = {k: v.chunk(0) if isinstance(v, pa.ChunkedArray) else v for k, v in columns.items()}

    reason = np.full(len(numbers), "", object)
    key_ids = _parse_keys(columns["key_id"], reason)
    seconds = _parse_times(columns["timestamp"], reason)
    countries = _parse_countries(columns["countrycode"], reason)
    reason[pc.equal(pc.fill_null(columns["word"], ""), "").to_numpy(False)] = _EMPTY_WORD
    recognized = pc.fill_null(columns["recognized"], False).to_numpy(False).astype(np.uint8)
    data, offsets, codes = _encode(columns["drawing"], key_ids, countries, recognized, seconds)
    for code in np.unique(codes[codes > 0]):
        reason[(codes == code) & (reason == "")] = _REASONS[code]
    missing = pc.is_null(columns["drawing"]).to_numpy(False)
    reason[unreadable | missing | pc.is_null(columns["word"]).to_numpy(False)] = _NOT_A_DRAWING
    words, keys = pc.fill_null(columns["word"], ""), pc.fill_null(columns["key_id"], "")
    return Lines(numbers, reason, words, keys, data, offsets)


def _parse_block(block: bytes, rows: int) -> pa.Table | None:
    """Parses all lines at once; returns None where one of them must be read by itself."""
    if not rows:
        return SCHEMA.empty_table()
    try:
        table = pyarrow.json.read_json(
            pa.BufferReader(block),
            read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(block) + 1),
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=SCHEMA, unexpected_field_behavior="ignore"
            ),
        )
        table = table.select(SCHEMA.names).combine_chunks()
        table.validate(full=True)  # Arrow's parser lets bytes pass that are not UTF-8
    except (pa.ArrowException, KeyError):
        return None
    inner = table.column("drawing")
    for _ in range(3):  # strokes, their parts, the values: a null is no drawing
        inner = pc.list_flatten(inner)
        if inner.null_count:
            return None
    return table if table.num_rows == rows else None


def _parse_each(lines: list[bytes]) -> tuple[pa.Table, np.ndarray]:
    """Returns a table of all lines, and bool [n]: the line is no drawing, its row all nulls."""
    rows: list[dict[str, Any]] = []
    bad = np.zeros(len(lines), np.bool_)
    for i, line in enumerate(lines):
        row = _parse_line(line)
        bad[i] = row is None
        rows.append(row or {})
    arrays = [pa.array([row.get(f.name) for row in rows], f.type) for f in SCHEMA]
    return pa.table(arrays, schema=SCHEMA), bad


def _parse_line(line: bytes) -> dict[str, Any] | None:
    """Returns the fields of a line, or None where it is no drawing."""
    try:
        row = json.loads(line)
        if not isinstance(row, dict):
            return None
        key = row.get("key_id")
        if isinstance(key, int) and not isinstance(key, bool):
            row["key_id"] = str(key)
        for field in SCHEMA:  # the exact conversion that the table will make
            pa.array([row.get(field.name)], field.type).validate(full=True)
        flat = [v for stroke in row["drawing"] for part in stroke for v in part]
        return None if any(v is None or isinstance(v, bool) for v in flat) else row
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, pa.ArrowException):
        return None


def _parse_keys(keys: pa.Array, reason: np.ndarray) -> np.ndarray:
    """Returns key_ids, uint64 [n]; notes the reason where a text is none."""
    filled = pc.fill_null(keys, "")
    digits = pc.match_substring_regex(filled, r"^[0-9]{1,20}$").to_numpy(False)
    # 20 digits may still be too many for 64 bits; compared as text they need no parsing.
    padded = pc.utf8_lpad(filled, 20, "0")
    fits = digits & pc.less_equal(padded, str(2**64 - 1)).to_numpy(False)
    reason[~fits] = _BAD_KEY
    return pc.if_else(pa.array(fits), filled, "0").cast(pa.uint64()).to_numpy(False)


def _parse_times(times: pa.Array, reason: np.ndarray) -> np.ndarray:
    """Returns seconds since 1970 of "2017-03-02 23:25:10.07453 UTC"; 0 where there is no time."""
    text = pc.utf8_slice_codeunits(pc.fill_null(times, "1970-01-01 00:00:00"), 0, 19)
    shape = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"
    good = pc.match_substring_regex(text, shape)
    text = pc.if_else(good, text, "1970-01-01 00:00:00")
    try:
        stamps = text.cast(pa.timestamp("s"))
    except pa.ArrowInvalid:  # a month 13 somewhere: look at each
        seconds_of = [_timestamp(value) for value in text.to_pylist()]
        good = pc.and_(good, pa.array([value is not None for value in seconds_of]))
        stamps = pa.array([value or 0 for value in seconds_of], pa.timestamp("s"))
    seconds = stamps.cast(pa.int64()).to_numpy(False)
    fits = good.to_numpy(False) & (seconds >= 0) & (seconds < 2**32)
    reason[~fits] = _BAD_TIME
    return np.where(fits, seconds, 0)


def _timestamp(text: str) -> int | None:
    try:
        return pa.scalar(text).cast(pa.timestamp("s")).cast(pa.int64()).as_py()
    except pa.ArrowInvalid:
        return None


def _parse_countries(codes: pa.Array, reason: np.ndarray) -> np.ndarray:
    """Returns country codes, uint8 [n, 2]; two zero bytes where there is none."""
    filled = pc.fill_null(codes, "").cast(pa.binary())
    size = pc.binary_length(filled).to_numpy(False)
    reason[(size != 2) & (size != 0)] = _BAD_COUNTRY
    fixed = pc.if_else(pa.array(size == 2), filled, b"\0\0")
    return np.frombuffer(b"".join(fixed.to_pylist()), np.uint8).reshape(-1, 2)


def _encode(drawings: pa.Array, *headers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns records (data uint8, offsets int64 [n + 1]) and reason codes, int64 [n].

    headers: key_ids, countries, recognized and seconds.
    """
    strokes = drawings.values
    parts = strokes.values if len(drawings) else pa.array([], pa.list_(pa.float64()))
    n = len(drawings)
    places = [_offsets(level) for level in (drawings, strokes, parts)]
    values = parts.values.to_numpy(zero_copy_only=False)
    # A simplified point takes 2 bytes of 2 values; a raw dot 4 of 3.
    room = HEADER * n + 4 * len(strokes) + 2 * len(values) + 16
    data, offsets, codes = np.empty(room, np.uint8), np.empty(n + 1, np.int64), np.zeros(n, int)
    _encode_all(*places, values, *headers, data, offsets, codes)
    return data[: offsets[n]], offsets, codes


def _offsets(lists: pa.Array) -> np.ndarray:
    return lists.offsets.to_numpy()[: len(lists) + 1] if len(lists) else np.zeros(1, np.int32)


@njit(cache=True, nogil=True)
def _check(d, drawing_at, stroke_at, part_at, values):
    """Returns (reason code, whether raw) of drawing d."""
    first, last = drawing_at[d], drawing_at[d + 1]
    if first == last:
        return 1, False
    if last - first > 65535:
        return 5, False
    raw = stroke_at[first + 1] - stroke_at[first] == 3
    for s in range(first, last):
        p = stroke_at[s]
        if stroke_at[s + 1] - p != (3 if raw else 2):
            return 3, raw
        points = part_at[p + 1] - part_at[p]
        for q in range(p, stroke_at[s + 1]):
            if part_at[q + 1] - part_at[q] != points:
                return 3, raw
        if points == 0:
            return 2, raw
        if points > 65535:
            return 5, raw
        for i in range(part_at[p], part_at[p + 2]):
            v = values[i]
            # Negated, so that a NaN fails too.
            if raw and not abs(v) < 1e7:
                return 4, raw
            if not raw and not (0 <= v <= 255 and v == np.floor(v)):
                return 4, raw
    return 0, raw


@njit(cache=True, nogil=True)
def _put(data, at, value, size):
    for j in range(size):
        data[at + j] = np.uint8((value >> np.uint64(8 * j)) & np.uint64(255))
    return at + size


@njit(cache=True, nogil=True)
def _encode_all(
    drawing_at, stroke_at, part_at, values, key_ids, countries, recognized, seconds,
    data, offsets, codes,
):  # fmt: skip
    at = 0
    for d in range(len(codes)):
        offsets[d] = at
        codes[d], raw = _check(d, drawing_at, stroke_at, part_at, values)
        if codes[d]:
            continue
        first, last = drawing_at[d], drawing_at[d + 1]
        begin = at
        at = _put(data, at, key_ids[d], 8)
        data[at], data[at + 1], data[at + 2] = countries[d, 0], countries[d, 1], recognized[d]
        at = _put(data, at + 3, np.uint64(seconds[d]), 4)
        at = _put(data, at, np.uint64(last - first), 2)
        left = top = np.inf
        right = bottom = -np.inf
        if raw:
            for s in range(first, last):
                p = stroke_at[s]
                for i in range(part_at[p], part_at[p + 1]):
                    left, right = min(left, values[i]), max(right, values[i])
                for i in range(part_at[p + 1], part_at[p + 2]):
                    top, bottom = min(top, values[i]), max(bottom, values[i])
        side = max(right - left, bottom - top)
        scale = SIDE / side if side > 0 else 0.0
        for s in range(first, last):
            p = stroke_at[s]
            x, y = values[part_at[p] : part_at[p + 1]], values[part_at[p + 1] : part_at[p + 2]]
            if raw:
                small_x, small_y = simplify_stroke(x, y, left, top, scale)
            else:
                small_x, small_y = x.astype(np.uint8), y.astype(np.uint8)
            at = _put(data, at, np.uint64(len(small_x)), 2)
            data[at : at + len(small_x)] = small_x
            at += len(small_x)
            data[at : at + len(small_y)] = small_y
            at += len(small_y)
        if at - begin > MAX_RECORD:
            codes[d], at = 5, begin
    offsets[len(codes)] = at
