"""Placeholders of spans in paths: filled in, found again, refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.config import PrepConfig
from data_prep.errors import InputError
from data_prep.filesystem import find_spans
from data_prep.span_patterns import (
    check_patterns,
    config_of_span,
    fill,
    has_span,
    span_of,
    span_of_file,
)

PATTERNS = ("raw/{SPAN}/*.bin", "raw/s{SPAN:6}-[ab].bin", "gs://b/{YYYY}/{MM}/day-{DD}/*.jpg")


@given(pattern=st.sampled_from(PATTERNS), span=st.integers(0, 60_000))
def test_a_filled_pattern_tells_its_span(pattern, span):
    assert span_of(pattern, fill(pattern, span)) == span
    file = fill(pattern, span).replace("*", "cat").replace("[ab]", "b")
    assert span_of_file(pattern, file) == span


@pytest.mark.parametrize(
    ("pattern", "path", "span"),
    [
        ("raw/{SPAN}/*.bin", "raw/7/cat.bin", 7),
        ("raw/{SPAN}/*.bin", "raw/7/old/cat.bin", None),  # * is not /
        ("raw/{SPAN:3}/*.bin", "raw/007/cat.bin", 7),
        ("raw/{SPAN:3}/*.bin", "raw/1007/cat.bin", None),
        ("{YYYY}-{MM}-{DD}.bin", "1970-01-31.bin", 30),
        ("{YYYY}-{MM}-{DD}.bin", "1971-02-30.bin", None),  # no such day
        ("raw/{SPAN}/[!c]*.bin", "raw/1/cat.bin", None),
    ],
)
def test_the_span_of_a_file(pattern, path, span):
    assert span_of_file(pattern, path) == span


def test_padding_that_the_pattern_does_not_tell_is_refused():
    """TFX's driver would look for span-7 after it had found span-07."""
    with pytest.raises(InputError, match=r"\{SPAN:2\} in place of \{SPAN\}"):
        span_of_file("raw/span-{SPAN}/*.bin", "raw/span-07/cat.bin")


@pytest.mark.parametrize(
    ("patterns", "named"),
    [
        (["raw/{SPAN}/*.bin", "raw/list.txt"], r"raw/list.txt: got the placeholders \(none\)"),
        (["raw/{SPAN}/{SPAN}.bin"], r"got the placeholders \{SPAN\}, \{SPAN\}"),
        (["raw/{YYYY}-{MM}/*.bin"], r"\{YYYY\}, \{MM\}, allowed: one of \{SPAN\}"),
        (["raw/{SPAN}/{YYYY}{MM}{DD}.bin"], "got the placeholders"),
        (["raw/{SPAN}/v{VERSION}/*.bin"], r"\{VERSION\}"),
        (["raw/{SPAN:0}/*.bin"], r"\{SPAN:0\}"),
    ],
)
def test_placeholders_that_name_no_span_are_refused(patterns, named):
    with pytest.raises(InputError, match=named):
        check_patterns(patterns)


def test_only_placeholders_count():
    assert not any(map(has_span, ["raw/{a,b}/*.bin", "raw/SPAN/*.bin", "{span}"]))
    check_patterns(PATTERNS)


def test_spans_are_those_that_have_every_file(tmp_path):
    for path in ("1/cat.bin", "1/list.txt", "10/cat.bin", "10/list.txt", "11/cat.bin", "x/cat.bin"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    drawings, lists = f"{tmp_path}/{{SPAN}}/*.bin", f"{tmp_path}/{{SPAN}}/list.txt"
    assert find_spans([drawings]) == [1, 10, 11]
    assert find_spans([drawings, lists]) == [1, 10]
    with pytest.raises(InputError, match=r"bin has 3, the newest 1, 10, 11; .* has 0\)"):
        find_spans([drawings, f"{tmp_path}/{{SPAN}}/other.txt"])


def test_lists_are_those_of_the_span():
    options = PrepConfig(source="celeba", attributes="raw/{SPAN:2}/attributes.txt")
    assert config_of_span(options, 3).attributes == "raw/03/attributes.txt"
    assert config_of_span(options, 3).identities == ""
