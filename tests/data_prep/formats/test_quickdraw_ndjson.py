"""Lines of ndjson: drawings become binary records, everything else gets a reason."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.formats.quickdraw_binary import headers, split_records
from data_prep.formats.quickdraw_ndjson import parse_lines


def test_a_simplified_line_becomes_the_same_record(line, record):
    parsed = parse_lines(line("18446744073709551615", drawing=[[[1, 2], [3, 4]], [[5], [6]]]))
    assert parsed.reason.tolist() == [""]
    want = record(2**64 - 1, [((1, 2), (3, 4)), ((5,), (6,))], b"US", 1, 1488497110)
    assert bytes(parsed.data) == want
    assert parsed.words.to_pylist() == ["cat"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key_id": "-1"}, "bad_key_id"),
        ({"key_id": "18446744073709551616"}, "bad_key_id"),
        ({"key_id": "99999999999999999999"}, "bad_key_id"),
        ({"key_id": "0x10"}, "bad_key_id"),
        ({"key_id": ""}, "bad_key_id"),
        ({"key_id": None}, "bad_key_id"),
        ({"key_id": 1.5}, "not_a_drawing"),
        ({"key_id": 7}, ""),  # a number is as good as its text
        ({"key_id": "007"}, ""),
        ({"word": ""}, "empty_word"),
        ({"word": None}, "not_a_drawing"),
        ({"word": 3}, "not_a_drawing"),
        ({"countrycode": "USA"}, "bad_countrycode"),
        ({"countrycode": None}, ""),
        ({"timestamp": "2017-13-02 23:25:10 UTC"}, "bad_timestamp"),
        ({"timestamp": "yesterday"}, "bad_timestamp"),
        ({"timestamp": "1901-01-01 00:00:00 UTC"}, "bad_timestamp"),
        ({"timestamp": None}, ""),
        ({"recognized": "yes"}, "not_a_drawing"),
        ({"drawing": None}, "not_a_drawing"),
        ({"drawing": "x"}, "not_a_drawing"),
        ({"drawing": []}, "no_strokes"),
        ({"drawing": [[[], []]]}, "empty_stroke"),
        ({"drawing": [[[1, 2], [3]]]}, "malformed_stroke"),
        ({"drawing": [[[1, 2]]]}, "malformed_stroke"),
        ({"drawing": [[[1], [2]], [[1], [2], [3]]]}, "malformed_stroke"),
        ({"drawing": [[[1], [256]]]}, "bad_coordinate"),
        ({"drawing": [[[-1], [0]]]}, "bad_coordinate"),
        ({"drawing": [[[0.5], [0]]]}, "bad_coordinate"),
        ({"drawing": [[[float("nan")], [0]]]}, "bad_coordinate"),
        ({"drawing": [[[1], [None]]]}, "not_a_drawing"),
        ({"drawing": [[[1], None]]}, "not_a_drawing"),
        ({"drawing": [None]}, "not_a_drawing"),
        ({"drawing": [[[1], [True]]]}, "not_a_drawing"),
        ({"drawing": [[[1], ["2"]]]}, "not_a_drawing"),
        ({"drawing": [[[1]], 5]}, "not_a_drawing"),
        ({"drawing": [[[1.5], [2.5], [0]]]}, ""),  # raw
        ({"drawing": [[[float("inf")], [2.5], [0]]]}, "bad_coordinate"),
        ({"drawing": [[list(range(200)) * 400, list(range(200)) * 400]]}, "too_many_points"),
    ],
)
def test_reasons(line, change, reason):
    alone = line(**change)
    good = line("5")
    assert parse_lines(alone).reason.tolist() == [reason]
    # The same among good lines, and in a block that must be read line by line.
    assert parse_lines(good + alone + good).reason.tolist() == ["", reason, ""]
    assert parse_lines(b"?\n" + alone + good).reason.tolist() == ["not_a_drawing", reason, ""]


def test_positions_count_blank_lines_and_rejected_records_take_no_bytes(line):
    parsed = parse_lines(b"\n" + line("1") + b"  \n" + line("2", drawing=[]) + line("3"))
    assert parsed.line.tolist() == [1, 3, 4]
    assert parsed.reason.tolist() == ["", "no_strokes", ""]
    assert np.diff(parsed.offsets)[1] == 0
    offsets, _ = split_records(parsed.data)
    assert headers(parsed.data, offsets)[0].tolist() == [1, 3]


def test_two_objects_in_one_line_are_no_drawing(line):
    both = line("1").strip() + line("2")
    assert parse_lines(both).reason.tolist() == ["not_a_drawing"]


def test_bytes_that_are_not_utf8(line):
    assert parse_lines(line(word="c\u00e9").replace(b"\\u00e9", b"\xff")).reason.tolist() == [
        "not_a_drawing"
    ]


@given(st.lists(st.binary(max_size=60).filter(lambda b: b"\n" not in b), max_size=6))
def test_no_line_crashes_it(line, junk):
    lines = [line("1").strip(), *junk]
    parsed = parse_lines(b"\n".join(lines))
    assert len(parsed.reason) == sum(bool(text.strip()) for text in lines)
    assert parsed.reason[0] == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(
    st.sampled_from(["word", "key_id", "drawing", "timestamp", "countrycode", "recognized"]),
    json_values,
))  # fmt: skip
def test_no_json_crashes_it_and_both_ways_agree(line, change):
    text = json.dumps(json.loads(line("1")) | change).encode() + b"\n"
    fast, slow = parse_lines(text), parse_lines(text + b"?\n")
    assert fast.reason[0] == slow.reason[0]
    assert bytes(fast.data) == bytes(slow.data)


def test_official_raw_files_simplify_to_the_official_records(real_data):
    """Google published both forms of the same drawings."""
    same = total = 0
    for raw_path in sorted((real_data / "quickdraw/raw").glob("*.ndjson")):
        raw = parse_lines(raw_path.read_bytes())
        simple = parse_lines((real_data / "quickdraw/simplified" / raw_path.name).read_bytes())
        theirs = dict(zip(simple.keys.to_pylist(), range(len(simple.line)), strict=True))
        for i, key in enumerate(raw.keys.to_pylist()):
            if key in theirs and not raw.reason[i]:
                j = theirs[key]
                total += 1
                ours = bytes(raw.data[raw.offsets[i] : raw.offsets[i + 1]])
                same += ours == bytes(simple.data[simple.offsets[j] : simple.offsets[j + 1]])
    assert total >= 200
    # The rest differ in single coordinates that lie half way between two pixels.
    assert same / total >= 0.93
