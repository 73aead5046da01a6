"""The exit status of the commands, with one line of error instead of a traceback.

0: done. 2: the input is wrong. 1: the program failed.
"""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Iterator
from typing import Any

import click

from data_prep.errors import InputError


class ExitStatus(click.Command):
    """A command, or a group of them, without tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(2)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            descriptor, log = tempfile.mkstemp(prefix="latentforge-", suffix=".log")
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                traceback.print_exc(file=file)
            click.echo(f"error: {one_line(error)} (details: {log})", err=True)
            ctx.exit(1)


class Commands(ExitStatus, click.Group):
    """The verbs of `latentforge`."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yields the exception, the one that it was raised from, and so on."""
    visited: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in visited:
        visited.add(id(current))
        yield current
        hidden = current.__suppress_context__
        current = current.__cause__ or (None if hidden else current.__context__)


def input_error(error: BaseException) -> InputError | None:
    """Returns the InputError that caused a failure; None where none did."""
    return next((e for e in causes(error) if isinstance(e, InputError)), None)


def one_line(error: BaseException) -> str:
    """Returns the error in one line, without a traceback.

    Beam hands a worker's failure on as an exception whose text is a whole traceback; its
    last line is the exception that matters.
    """
    wrong_input = input_error(error)
    if wrong_input:
        return str(wrong_input)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if any(line.startswith("Traceback") for line in lines):
        return lines[-1]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
