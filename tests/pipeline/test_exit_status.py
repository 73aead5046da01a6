"""One line out of whatever was raised."""

import pytest

from data_prep.errors import InputError
from pipeline.exit_status import input_error, one_line


def chained(outer, inner):
    try:
        try:
            raise inner
        except Exception as error:
            raise outer from error
    except Exception as error:
        return error


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError("no space left\non device"), "OSError: no space left"),
        (RuntimeError(), "RuntimeError"),
        (
            RuntimeError("Traceback (most recent call last):\n  File x\nKeyError: 'image'\n"),
            "KeyError: 'image'",
        ),
        (chained(RuntimeError("node failed"), InputError("beta: got -1")), "beta: got -1"),
    ],
)
def test_the_line_that_matters(error, line):
    assert one_line(error) == line


def test_wrong_input_is_found_wherever_it_is_in_the_chain():
    wrong = InputError("x")
    assert input_error(chained(RuntimeError("y"), wrong)) is wrong
    assert input_error(RuntimeError("y")) is None


def test_a_chain_that_bites_its_tail_ends():
    error = RuntimeError("x")
    error.__cause__ = ValueError("y")
    error.__cause__.__cause__ = error
    assert input_error(error) is None
