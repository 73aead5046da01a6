"""The binary layout: what is whole is found, what is not is named, nothing is lost."""

import itertools
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.formats import quickdraw_binary as drawings
from data_prep.formats.quickdraw_binary import decimals, headers, scan, split_records


def as_bytes(data) -> np.ndarray:
    return np.frombuffer(bytes(data), np.uint8)


def starts_of(records) -> np.ndarray:
    return np.cumsum([0] + [len(r) for r in records])


def many(record, n=12):
    """n records with different numbers of strokes and points."""
    return [
        record(
            key_id=1000 + i,
            strokes=[((i % 90 + 150, 200, 140 + j) * (1 + i % 3),) * 2 for j in range(1 + i % 4)],
        )
        for i in range(n)
    ]


def test_known_record(record):
    data = as_bytes(record(2**64 - 1, [((1, 2), (3, 4)), ((5,), (6,))], b"DE", 0, 2**32 - 1))
    assert len(data) == 17 + 6 + 4
    consumed, records, spans, lost = scan(data, True)
    assert (consumed, records.tolist(), spans.tolist(), lost) == (27, [[0, 27]], [], False)
    offsets, reasons = split_records(data)
    assert offsets.tolist() == [0, 27]
    assert reasons.tolist() == [0]
    key_ids, countries, recognized, timestamps = headers(data, offsets)
    assert key_ids.tolist() == [2**64 - 1]
    assert bytes(countries) == b"DE"
    assert (recognized.tolist(), timestamps.tolist()) == ([0], [2**32 - 1])


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_decimals_are_exact_for_unsigned_64_bits(numbers):
    spelled = [text.decode() for text in decimals(np.array(numbers, np.uint64)).to_pylist()]
    assert spelled == [str(n) for n in numbers]


def test_file_cut_at_any_byte(record):
    records = many(record)
    data, starts = as_bytes(b"".join(records)), starts_of(records)
    for cut in range(len(data) + 1):
        whole = int(np.searchsorted(starts, cut, side="right")) - 1
        consumed, found, spans, _ = scan(data[:cut], True)
        assert consumed == cut
        assert found[:, 0].tolist() == starts[:whole].tolist()
        rest = [] if starts[whole] == cut else [[int(starts[whole]), cut]]
        assert spans.tolist() == rest


@pytest.mark.parametrize("lie", [0, 1, 2, 7, 300, 65535])
@pytest.mark.parametrize("field", ["strokes", "points"])
def test_a_lying_count_costs_few_records(record, lie, field):
    records = many(record)
    starts = starts_of(records)
    for i in range(len(records)):
        data = bytearray(b"".join(records))
        struct.pack_into("<H", data, starts[i] + (15 if field == "strokes" else 17), lie)
        consumed, found, spans, _ = scan(as_bytes(data), True)
        assert consumed == len(data)
        kept = set(found[:, 0].tolist())
        # A lie may pass for the truth (and swallow a neighbour or two), but what stands
        # well before and well after it is kept.
        lost = np.flatnonzero(~np.isin(starts[:-1], list(kept)))
        assert set(lost.tolist()) <= set(range(i - 1, i + 4))
        assert len(lost) <= 3
        covered = sorted([*map(tuple, found.tolist()), *map(tuple, spans.tolist())])
        assert covered[0][0] == 0
        assert covered[-1][1] == len(data)
        assert all(a[1] == b[0] for a, b in itertools.pairwise(covered))


@given(st.binary(max_size=600), st.booleans())
def test_any_bytes_are_covered_exactly_once(data, lost):
    consumed, found, spans, _ = scan(as_bytes(data), True, lost)
    assert consumed == len(data)
    parts = sorted([*map(tuple, found.tolist()), *map(tuple, spans.tolist())])
    at = 0
    for start, stop in parts:
        assert start == at < stop
        at = stop
    assert at == len(data)


@given(st.data())
def test_damage_in_the_middle_is_one_span_and_the_rest_is_found(record, data):
    records = many(record)
    at = data.draw(st.integers(1, len(records) - 4))
    # Bytes that no record can begin with: a country of zeros and recognized 255.
    junk = bytes([255, 0]) * data.draw(st.integers(9, 40))
    parts = [*records[:at], junk, *records[at:]]
    whole = as_bytes(b"".join(parts))
    _, found, spans, _ = scan(whole, True)
    assert len(spans) == 1
    # The record before the damage is not trusted: its end is where no record begins.
    assert len(found) == len(records) - 1


def test_scan_in_windows_equals_scan_of_the_whole(record):
    records = many(record, 4000)
    records[1234] = records[1234][:-1]  # a byte short: what follows is shifted
    once = as_bytes(b"".join(records))
    window = drawings.LOOKAHEAD + 5000
    stream = np.concatenate([once] * (2 * window // len(once) + 1))
    _, whole, whole_spans, _ = scan(stream, True)
    assert len(whole_spans) == len(stream) // len(once)
    at, lost, got, got_spans = 0, False, [], []
    while at < len(stream):
        part = stream[at : at + window]
        consumed, found, spans, lost = scan(part, at + len(part) == len(stream), lost)
        assert consumed > 0
        got += (found + at).tolist()
        got_spans += (spans + at).tolist()
        at += consumed
    assert got == whole.tolist()
    assert got_spans == whole_spans.tolist()


def test_strokes_that_are_empty_or_missing_are_named(record):
    records = [record(1), record(2, []), record(3, [((), ())]), record(4, [((7,), (8,))])]
    offsets, reasons = split_records(as_bytes(b"".join(records)))
    assert offsets.tolist() == starts_of(records).tolist()
    assert [drawings.DRAWING_REASONS[r] for r in reasons] == ["", "no_strokes", "empty_stroke", ""]
